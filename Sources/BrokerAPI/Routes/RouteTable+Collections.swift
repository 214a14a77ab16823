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
            parameters: reading,
            isStreaming: true,
            as: .listItems,
            "List a collection's items, the state of one moment page by page, or watch them."
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

    private static let reading: [Route.Parameter] = [
        Route.Parameter("limit", "The most items of the page.", .integer(1...Int64.max)),
        Route.Parameter("continue", "`metadata.continue` of the page before.", .string),
        Route.Parameter("watch", "Keep streaming.", .flag),
        Route.Parameter("framing", "Overrides `Accept`.", .choice(Framing.allCases.map(\.rawValue))),
        Route.Parameter(
            "resourceVersion",
            "What an answer must not be older than; where a watch begins: without it, or with 0, with the state.",
            .string
        ),
        Route.Parameter(
            "resourceVersionMatch",
            "How `resourceVersion` is meant: `NotOlderThan`, or of a list `Exact`.",
            .text(pattern: "^(NotOlderThan|Exact)?$")
        ),
        Route.Parameter("sendInitialEvents", "Begin a watch with the state, or do not.", .flag),
        Route.Parameter("allowWatchBookmarks", "Whether a watch tells bookmarks; it does without.", .flag),
        Route.Parameter("timeoutSeconds", "How long a watch lasts, in seconds.", .integer(0...Int64(Int32.max))),
        Route.Parameter("timeout", "How long a watch lasts.", .duration),
        Route.Parameter("labelSelector", "Only items with such labels, as Kubernetes writes it."),
        Route.Parameter("fieldSelector", "Only items whose `metadata.name` or `value.<path>` are so."),
        Route.Parameter("fields", "What of the value is wanted: JSON pointers, joined with commas."),
        Route.Parameter("as", "`patch`: changes come as JSON patches.", .choice(["object", "patch"])),
        Route.Parameter("prev", "Tell the version before a change too.", .flag),
        Route.Parameter("event", "The SSE name of changes: their own, or `message`.", .choice(["record", "message"])),
    ]
}
