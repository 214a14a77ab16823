import RecordFormat

/// Members of groups, and what they send and are told.
extension Model {
    /// The schema of a model of this file.
    var memberSchema: Schema {
        switch self {
        case .memberJoin: .object(Self.join, more: .nothing)
        case .membership:
            .object([
                .init("member", .string), .init("session", .string), .init("groupEpoch", .count),
                .init("sessionTimeoutMs", .count), .init("commitTimeoutMs", .count),
            ])
        case .memberPage:
            .object([
                .init("groupEpoch", .count), .init("page", .string),
                .init("partitions", .list(.model(.assignedPartition))), .init("events", .list(.model(.event))),
                .init("records", .list(.model(.record))),
            ])
        case .sessionDocument: .object([.optional("session", .nullable(.string))], more: .nothing)
        case .standing:
            .object([
                .init("groupEpoch", .count), .init("sessionTimeoutMs", .count),
                .init("partitions", .list(.model(.ownedPartition))),
            ])
        case .assignedPartition: .object(Self.place + [.init("epoch", .count), .init("start", .count)])
        case .ownedPartition: .object(Self.place + [.init("epoch", .count)])
        case .topicPartition:
            .object([.init("topic", .name), .init("partition", .partitionIndex)], more: .nothing)
        case .commit: .object(Self.commitFields, more: .nothing)
        default: .object([.init("results", .list(.object(Self.commitResult)))])
        }
    }

    private static let place: [Schema.Field] = [.init("topic", .string), .init("partition", .partitionIndex)]

    private static let join: [Schema.Field] = [
        .optional("topics", .nullable(.bounded { .list(.name, counts: 0...$0.groupTopicsMax) })),
        .optional("instance", .nullable(.name)), .optional("from", .nullable(groupStart)),
        .optional("commitTimeoutMs", .nullable(commitTimeout)),
        .optional("maxInFlight", .nullable(.maxInFlight)),
        .optional("maxInFlightBytes", .nullable(.maxInFlightBytes)),
        .optional("session", .nullable(.string)),
    ]

    private static let commitFields: [Schema.Field] = [
        .optional("session", .nullable(.string)),
        .optional(
            "offsets",
            .nullable(
                .list(
                    .object(
                        [
                            .init("topic", .name), .init("partition", .partitionIndex), .init("offset", .count),
                            .init("epoch", .anyInteger), .optional("metadata", .nullable(.string)),
                        ],
                        more: .nothing
                    )
                )
            )
        ),
        .optional("progress", .nullable(.list(.model(.topicPartition)))),
        .optional("release", .nullable(.list(.model(.topicPartition)))),
    ]

    private static let commitResult: [Schema.Field] = [
        .optional("op", .choice(["progress", "release"])), .init("topic", .string), .init("partition", .partitionIndex),
        .init("result", .string), .optional("committed", .count), .optional("problem", .model(.problem)),
    ]
}
