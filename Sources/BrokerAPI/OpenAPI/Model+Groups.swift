import RecordFormat

/// Groups, and what may be asked of them.
extension Model {
    /// The schema of a model of this file.
    var groupSchema: Schema {
        switch self {
        case .newGroup: .object(Self.groupSettings, more: .nothing)
        case .groupChange:
            .object(Self.groupSettings + [.optional("forgetDroppedTopics", .nullable(.bool))], more: .nothing)
        case .group: .object(Self.head + Self.inForce + Self.sums + Self.lists)
        case .groupList:
            .object([.init("groups", .list(.object(Self.head + [.init("members", .count)])))])
        case .groupMember: .object(Self.memberFields)
        case .groupMembers: .object(Self.head + [Self.members])
        case .groupOffsets: .object(Self.head + [Self.partitions(Self.committed)])
        case .groupLag: .object(Self.head + Self.sums + [Self.partitions([Self.committedOffset] + Self.lag)])
        case .groupHistory:
            .object([
                .init("group", .string), .init("groupEpoch", .count), .init("rebalances", .list(Self.rebalance)),
            ])
        case .offsetReset: .object(Self.reset, more: .nothing)
        default:
            .object([
                .init("group", .string), .init("dryRun", .bool),
                Self.partitions([
                    Self.committedOffset, .init("to", .nullable(.count)), .init("owner", .nullable(.string)),
                ]),
            ])
        }
    }

    /// The names of topics, at least one.
    static let sharedTopics = Schema.bounded { .list(.name, counts: 1...$0.groupTopicsMax) }
    /// Where a group begins.
    static let groupStart = Schema.noted(.string, byDefault: "\"earliest\"")
    /// How long records may stay uncommitted, in milliseconds.
    static let commitTimeout = Schema.integer(1000...900_000)
    private static let sessionTimeout = Schema.integer(1000...300_000)
    private static let membersMax = Schema.integer(1...1000)
    private static let timeToLive = Schema.integer(1000...31_536_000_000)

    private static let groupSettings: [Schema.Field] = [
        .optional("topics", .nullable(sharedTopics)), .optional("from", .nullable(groupStart)),
        .optional("commitTimeoutMs", .nullable(commitTimeout)),
        .optional("sessionTimeoutMs", .nullable(sessionTimeout)),
        .optional("membersMax", .nullable(membersMax)), .optional("timeToLiveMs", .nullable(timeToLive)),
    ]

    private static let head: [Schema.Field] = [
        .init("group", .string), .init("groupEpoch", .count), .init("topics", .list(.string)),
    ]
    private static let inForce: [Schema.Field] = [
        .init("from", .string), .init("commitTimeoutMs", commitTimeout), .init("sessionTimeoutMs", sessionTimeout),
        .init("membersMax", membersMax), .init("timeToLiveMs", .nullable(timeToLive)),
        .init("missingTopics", .list(.string)), .init("keptTopics", .list(.string)),
        .init("emptySince", .nullable(.time)),
    ]
    private static let sums: [Schema.Field] = [
        .init("lag", .count), .init("lagSeconds", .nullable(.count)), .init("lost", .count), .init("inFlight", .count),
    ]
    private static let members = Schema.Field("members", .list(.model(.groupMember)))
    private static let lists = [
        members,
        partitions(
            committed + lag + [
                .init("epoch", .count), .init("state", .choice(["assigned", "revoking", "draining", "unassigned"])),
            ]
        ),
    ]

    private static let committedOffset = Schema.Field("committed", .nullable(.count))
    private static let committed: [Schema.Field] = [
        committedOffset, .init("committedAt", .nullable(.time)), .optional("metadata", .string),
    ]
    private static let lag: [Schema.Field] =
        [.init("end", .count)] + sums + [
            .init("uncommittedMs", .nullable(.count)), .init("owner", .nullable(.string)),
        ]

    /// The field `partitions`, with these of each.
    private static func partitions(_ fields: [Schema.Field]) -> Schema.Field {
        .init("partitions", .list(.object([.init("topic", .string), .init("partition", .partitionIndex)] + fields)))
    }

    private static let memberFields: [Schema.Field] = [
        .init("member", .string), .init("instance", .nullable(.string)), .init("epoch", .count),
        .init("connected", .bool), .init("presence", .choice(["connection", "heartbeats", "none"])),
        .init("joinedAt", .time), .init("stalled", .bool), .init("partitions", .list(.model(.ownedPartition))),
    ]

    private static let rebalance = Schema.object([
        .init("groupEpoch", .count), .init("time", .time),
        .init(
            "reasons",
            .list(.object([.init("reason", .string), .optional("member", .string), .init("text", .string)]))
        ),
        .init(
            "moves",
            .list(
                .object([
                    .init("topic", .string), .init("partition", .partitionIndex), .init("from", .nullable(.string)),
                    .init("to", .nullable(.string)), .init("kind", .choice(["moved", "asked-back"])),
                ])
            )
        ),
        .init("moveCount", .count),
    ])

    private static let reset: [Schema.Field] = [
        .init("to", .noted(.either([.string, .anyInteger]), example: "\"earliest\"")),
        .optional("topics", .nullable(.list(.name, counts: 1...Int.max))),
        .optional("partitions", .nullable(.list(.model(.topicPartition), counts: 1...Int.max))),
        .optional("dryRun", .nullable(.bool)),
    ]
}
