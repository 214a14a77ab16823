/// What streams say, and what goes wrong.
extension Model {
    /// An object of NDJSON, a text frame of a WebSocket, or, without `type`, the data of a server-sent event.
    static let eventSchema = Schema.either(
        [
            told("record", recordFields),
            told("bookmark", [.init("cursor", .string), .init("caughtUp", .bool), .optional("lag", .count)]),
            told("gap", gapFields), told("error", [.init("problem", .model(.problem))]),
            told("goodbye", [.init("reason", .string), .init("reconnect", .bool), .init("retryAfterMs", .count)]),
        ] + memberEvents
    )

    private static let memberEvents = [
        told(
            "joined",
            [.init("member", .string), .init("groupEpoch", .count), .init("session", .string)]
        ),
        told("assigned", [.init("groupEpoch", .count), .init("partitions", .list(.model(.assignedPartition)))]),
        told("revoking", [places, .init("deadlineMs", .count)]),
        told(
            "revoked",
            [
                .init(
                    "partitions",
                    .list(
                        .object([
                            .init("topic", .string), .init("partition", .partitionIndex), .init("committed", .count),
                            .init("reason", .string),
                        ])
                    )
                )
            ]
        ),
        told(
            "paused",
            [
                .init("reason", .choice(["max-in-flight"])), .init("uncommitted", .count),
                .init("uncommittedBytes", .count),
            ]
        ),
        told("resumed", []), told("lease-warning", [places, .init("remainingMs", .count)]),
    ]

    private static let places = Schema.Field(
        "partitions",
        .list(.object([.init("topic", .string), .init("partition", .partitionIndex)]))
    )

    private static func told(_ type: String, _ fields: [Schema.Field]) -> Schema {
        .object([.init("type", .choice([type]))] + fields)
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
