/// What streams say, and what goes wrong.
extension Model {
    /// What streams say: the name of each event, and its fields.
    static let events: [(String, [Schema.Field])] =
        [
            ("record", recordFields),
            ("bookmark", [.init("cursor", .string), .init("caughtUp", .bool), .optional("lag", .count)]),
            ("gap", gapFields), ("error", [.init("problem", .model(.problem))]),
            ("goodbye", [.init("reason", .string), .init("reconnect", .bool), .init("retryAfterMs", .count)]),
        ] + memberEvents

    /// What the stream of a streamed body says.
    static let produceEvents: [(String, [Schema.Field])] = [
        (
            "receipt",
            [
                .init("lines", .list(.integer(1...Int64.max), counts: 2...2)), .init("count", .count),
                .init("partitions", .list(part)), .init("durability", .choice(["flushed"])),
            ]
        ),
        ("error", [.init("problem", .model(.problem))]),
        (
            "goodbye",
            [
                .init("reason", .string), .init("reconnect", .bool), .init("retryAfterMs", .count),
                .init("lines", .count), .init("count", .count),
            ]
        ),
    ]

    private static let memberEvents: [(String, [Schema.Field])] = [
        ("joined", [.init("member", .string), .init("groupEpoch", .count), .init("session", .string)]),
        ("assigned", [.init("groupEpoch", .count), .init("partitions", .list(.model(.assignedPartition)))]),
        ("revoking", [places, .init("deadlineMs", .count)]),
        ("revoked", [.init("partitions", .list(revoked))]),
        (
            "paused",
            [
                .init("reason", .choice(["max-in-flight"])), .init("uncommitted", .count),
                .init("uncommittedBytes", .count),
            ]
        ),
        ("resumed", []), ("lease-warning", [places, .init("remainingMs", .count)]),
    ]

    private static let revoked = Schema.object([
        .init("topic", .string), .init("partition", .partitionIndex), .init("committed", .count),
        .init("reason", .string),
    ])

    private static let places = Schema.Field(
        "partitions",
        .list(.object([.init("topic", .string), .init("partition", .partitionIndex)]))
    )

    /// An object of NDJSON, or a text frame of a WebSocket.
    static func line(_ name: String, _ fields: [Schema.Field]) -> Schema {
        .object([.init("type", .choice([name]))] + fields)
    }

    /// A server-sent event; records may be called `message`.
    static func serverSent(_ name: String, _ fields: [Schema.Field]) -> Schema {
        .object([
            .init("event", .choice(name == "record" ? [name, "message"] : [name])),
            .init("data", .json(.object(fields))), .optional("id", .string),
        ])
    }

    /// RFC 9457, with members that depend on the code.
    static let problemSchema = Schema.object(
        [
            .init("type", .string), .init("title", .string), .init("status", .integer(400...599)),
            .init("detail", .string), .init("code", .choice(ProblemCode.allCases.map(\.rawValue).sorted())),
            .init("retryable", .bool), .init("noSideEffects", .bool), .optional("line", .integer(1...Int64.max)),
            .optional("record", .count), .optional("byteOffset", .count), .optional("errorCount", .count),
            .optional("retryAfterMs", .count),
            .optional("errors", .list(.object([.init("code", .string), .init("detail", .string)], more: .some))),
        ],
        more: .some
    )
}
