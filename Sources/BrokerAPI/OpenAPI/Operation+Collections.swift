/// Collections.
extension Operation {
    static let listCollections = Operation(
        id: "listCollections",
        answers: [.json(.collectionList, "All collections of the namespace.")]
    )

    static let listItems = Operation(
        id: "listItems",
        answers: [.json(.itemList, "A page of items.")],
        problems: [ProblemCode].collection + [.invalidCursor, .listExpired]
    )

    static let item = Operation(
        id: "item",
        answers: [shown(200, "The item.")],
        problems: [ProblemCode].collection + [.itemNotFound]
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
