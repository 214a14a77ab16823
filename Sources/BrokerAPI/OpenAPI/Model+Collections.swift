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
        case .item:
            .object([
                .init(
                    "metadata",
                    .object([
                        .optional("name", .string), .optional("nameBase64", .base64), .init("resourceVersion", .string),
                        .optional("labels", .object([], more: .like(.string))), .init("creationTimestamp", .time),
                    ])
                ),
                .optional("value", .anything), .optional("valueBase64", .base64),
            ])
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
}
