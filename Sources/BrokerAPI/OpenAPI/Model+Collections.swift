/// Collections.
extension Model {
    /// The schema of a model of this file.
    var collectionSchema: Schema {
        switch self {
        case .collectionList:
            .object([
                .init("collections", .list(.object([.init("collection", .string), .init("partitions", .count)])))
            ])
        case .itemList:
            .object([
                .init("metadata", .object([.init("resourceVersion", .string), .optional("continue", .string)])),
                .init("items", .list(.model(.item))),
            ])
        case .item: .object([.init("metadata", Self.itemMetadata)] + Self.itemValue)
        case .itemEvent: .either(Self.itemEvents.map { .object($1) })
        case .itemServerSentEvent:
            .either(
                Self.itemEvents.map { name, fields in
                    .object([
                        .init("event", .choice(name.map { [$0] } ?? ItemEvent.Kind.names + ["message"])),
                        .init("data", .json(.object(fields))), .optional("id", .string),
                    ])
                }
            )
        default:
            .object(
                [
                    .init("value", .anything),
                    .optional(
                        "metadata",
                        .nullable(
                            .object(
                                [
                                    .optional("name", .nullable(.string)),
                                    .optional("resourceVersion", .nullable(.string)),
                                    .optional("labels", .nullable(.object([], more: .like(.string)))),
                                    .optional("annotations", .nullable(.object([], more: .like(.string)))),
                                    .optional("creationTimestamp", .anything),
                                ],
                                more: .nothing
                            )
                        )
                    ),
                ],
                more: .nothing
            )
        }
    }

    private static let itemMetadata = Schema.object([
        .optional("name", .string), .optional("nameBase64", .base64), .init("resourceVersion", .string),
        .optional("labels", .object([], more: .like(.string))),
        .optional("annotations", .object([], more: .like(.string))), .init("creationTimestamp", .time),
    ])

    private static let itemValue: [Schema.Field] = [.optional("value", .anything), .optional("valueBase64", .base64)]

    /// What a watch says, with the name of the event where that is not one of a change.
    private static let itemEvents: [(name: String?, fields: [Schema.Field])] = [
        (
            nil,
            [
                .init("type", .choice(ItemEvent.Kind.names)),
                .init(
                    "object",
                    .object(
                        [
                            .init("metadata", itemMetadata), .optional("previousResourceVersion", .string),
                            .optional("patch", .list(.anything)),
                        ] + itemValue
                    )
                ),
                .optional("prev", .model(.item)),
            ]
        ),
        (
            "BOOKMARK",
            [
                .init("type", .choice(["BOOKMARK"])),
                .init(
                    "object",
                    .object([
                        .init(
                            "metadata",
                            .object([
                                .init("resourceVersion", .string),
                                .optional("annotations", .object([], more: .like(.string))),
                            ])
                        )
                    ])
                ),
            ]
        ),
        ("ERROR", [.init("type", .choice(["ERROR"])), .init("object", .model(.problem))]),
        (
            "goodbye",
            [
                .optional("type", .choice(["goodbye"])), .init("reason", .string), .init("reconnect", .bool),
                .init("retryAfterMs", .count),
            ]
        ),
    ]
}
