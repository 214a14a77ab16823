/// Collections.
extension Operation {
    static let listCollections = Operation(
        id: "listCollections",
        answers: [.json(.collectionList, "All collections of the namespace.")]
    )

    static let listItems = Operation(
        id: "listItems",
        fields: [
            Route.Parameter("Last-Event-ID", "Where an event source was last; it wins over `resourceVersion`.")
        ],
        answers: [
            Answer(
                status: 200,
                summary: "A page of items, or a watch. The schema of a stream is that of one line or event.",
                contents: [
                    Content(
                        mediaType: "application/json",
                        schema: .either([.model(.itemList), .model(.itemEvent)])
                    ),
                    Content(mediaType: "application/x-ndjson", schema: .model(.itemEvent)),
                    Content(mediaType: "text/event-stream", schema: .model(.itemServerSentEvent)),
                ]
            ),
            .nothingMore,
        ],
        problems: [ProblemCode].collection + [ProblemCode].unready.filter { $0 != .draining } + [
            .invalidCursor, .listExpired, .versionExpired, .versionAhead, .framingNotSupported, .tooManyStreams,
            .invalidSelector, .selectorTooLarge, .invalidFields, .fieldsTooLarge,
        ]
    )

    static let item = Operation(
        id: "item",
        answers: [shown(200, "The item.")],
        problems: [ProblemCode].collection + [.itemNotFound, .tooContended]
    )

    static let putItem = Operation(
        id: "putItem",
        bodies: [.json(.newItem)],
        needsBody: true,
        fields: conditions,
        answers: [shown(200, "The item has another value now."), shown(201, "The item was made.")],
        problems: [ProblemCode].itemUnwritten
    )

    static let patchItem = Operation(
        id: "patchItem",
        bodies: ItemPatch.mediaTypes.map { Content(mediaType: $0, schema: .anything) },
        needsBody: true,
        fields: conditions,
        answers: [shown(200, "The item as it is now.")],
        problems: [ProblemCode].itemUnwritten + [.itemNotFound, .patchFailed, .unsupportedMediaType]
    )

    static let deleteItem = Operation(
        id: "deleteItem",
        fields: conditions,
        answers: [Answer(status: 204, summary: "It is deleted.")],
        problems: [ProblemCode].itemUnwritten + [.itemNotFound]
    )

    private static func shown(_ status: Int, _ summary: String) -> Answer {
        Answer(status: status, summary: summary, contents: [.json(.item)], fields: [.eTag])
    }

    private static let conditions = [
        Route.Parameter("If-Match", "A version in double quotes, or `*`: the item must have it.", .string),
        Route.Parameter("If-None-Match", "`*`: there must be no such item.", .string),
    ]
}

extension [ProblemCode] {
    /// Of whatever reads a collection.
    fileprivate static var collection: [ProblemCode] {
        [.topicNotFound, .collectionNotFound, .tooManyPartitions, .corrupt, .draining, .notImplemented]
    }
    /// Of whatever writes an item.
    fileprivate static var itemUnwritten: [ProblemCode] {
        unwritten + collection.filter { $0 != .draining } + [
            .versionConflict, .tooContended, .recordTooLarge, .headersTooLarge,
        ]
    }
}
