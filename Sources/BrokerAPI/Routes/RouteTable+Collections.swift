extension RouteTable {
    /// The routes of collections: compacted topics, as the latest value of each key.
    static let collections: [Route] = [
        Route(.get, "/v1/collections", .topic, .describe, as: .listCollections, "List the collections.") {
            path throws(Problem) in .listCollections(path.namespace)
        },
        Route(
            .get,
            "/v1/collections/{collection}",
            .topic,
            .read,
            parameters: [
                Route.Parameter("limit", "The most items of the page.", .integer(1...Int64.max)),
                Route.Parameter("continue", "`metadata.continue` of the page before.", .string),
            ],
            as: .listItems,
            "List a collection's items: the state of one moment, page by page."
        ) { path throws(Problem) in .listItems(try path.collection()) },
        Route(.get, "/v1/collections/{collection}/{key}", .topic, .read, as: .item, "Show an item.") {
            path throws(Problem) in .item(try path.collection(), path.key())
        },
        Route(
            .put,
            "/v1/collections/{collection}/{key}",
            .topic,
            .produce,
            body: .document,
            as: .putItem,
            "Make an item, or put another value in its place."
        ) { path throws(Problem) in .putItem(try path.collection(), path.key()) },
        Route(
            .patch,
            "/v1/collections/{collection}/{key}",
            .topic,
            .produce,
            body: .document,
            as: .patchItem,
            "Change an item by a merge patch or a JSON patch."
        ) { path throws(Problem) in .patchItem(try path.collection(), path.key()) },
        Route(
            .delete,
            "/v1/collections/{collection}/{key}",
            .topic,
            .produce,
            as: .deleteItem,
            "Delete an item."
        ) { path throws(Problem) in .deleteItem(try path.collection(), path.key()) },
    ]
}
