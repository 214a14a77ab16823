import HTTPTypes

extension RouteTable {
    /// The routes of the Kubernetes facade.
    ///
    /// They document themselves at `/openapi/v3`, as Kubernetes' clients want it, and so have no place in the broker's own
    /// document.
    static let kubernetes = discovery + objects

    private static let discovery: [Route] = [
        Route("/version", "Which Kubernetes API this is.", .version),
        Route("/api", "The versions of the core group: `v1`.", .coreVersions),
        Route("/api/v1", "The resources of the core group: `namespaces`.", .coreResources),
        Route("/api/v1/namespaces", listingNamespaces, "List the namespaces.") { _ in .namespaces },
        Route("/api/v1/namespaces/{namespace}", ["includeObject"], "Show a namespace.") { path in
            .namespace(path.namespaceName())
        },
        Route("/apis", "The groups: `millrace.dev`.", .groups),
        Route("/apis/millrace.dev", "The group of all collections.", .group),
        Route(KubernetesNames.root, "The resources: the collections.", .resources),
        Route("/openapi/v2", "An OpenAPI document of version 2 without definitions.", .schemaVersion2),
        Route("/openapi/v3", "Where the OpenAPI documents of version 3 are.", .schemas),
        Route("/openapi/v3/apis/millrace.dev/v1", "The OpenAPI document of all resources.", .schemaVersion3),
    ]

    private static let objects: [Route] = [
        Route(.get, "/{collection}", .read, listing, "List or watch a collection's objects in all namespaces.") {
            path throws(Problem) in .listEverywhere(path.resource())
        },
        Route(.get, collection, .read, listing, "List or watch a collection's objects.") { path throws(Problem) in
            .list(try path.kubernetesTopic())
        },
        Route(.post, collection, .produce, writing, "Make an object.") { path throws(Problem) in
            .create(try path.kubernetesTopic())
        },
        Route(.get, object, .read, ["resourceVersion", "includeObject"], "Show an object.") { path throws(Problem) in
            .object(try path.kubernetesTopic(), path.key())
        },
        Route(.put, object, .produce, writing, "Put another object in its place.") { path throws(Problem) in
            .replace(try path.kubernetesTopic(), path.key())
        },
        Route(.patch, object, .produce, writing + ["force"], "Change an object by a patch.") { path throws(Problem) in
            .patch(try path.kubernetesTopic(), path.key())
        },
        Route(.delete, object, .produce, deleting, "Delete an object.") { path throws(Problem) in
            .delete(try path.kubernetesTopic(), path.key())
        },
    ]

    private static let collection = "/namespaces/{namespace}/{collection}"
    private static let object = collection + "/{key}"

    /// What Kubernetes' clients may ask of a list or a watch.
    private static let listing = [
        "labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "resourceVersionMatch", "watch",
        "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds", "includeObject",
    ]
    /// What they may ask of a list of namespaces, which comes whole.
    private static let listingNamespaces = ["limit", "resourceVersion", "resourceVersionMatch", "includeObject"]
    /// What they may ask of a write.
    private static let writing = ["dryRun", "fieldManager", "fieldValidation"]
    /// What they may ask of a deletion.
    private static let deleting = [
        "dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy",
        "ignoreStoreReadErrorWithClusterBreakingPotential",
    ]
}

extension Route {
    /// What any request to the facade may have: how the answer is laid out, and how long its client waits.
    private static let everywhere = ["pretty", "timeout", "hash"]

    /// A route of the facade that tells what there is.
    fileprivate convenience init(_ pattern: String, _ summary: String, _ call: KubernetesCall) {
        self.init(
            .get,
            pattern,
            .broker,
            .describe,
            parameters: Self.everywhere.map { Parameter($0, "As Kubernetes has it.") },
            as: nil,
            summary
        ) { _ throws(Problem) in .kubernetes(call) }
    }

    /// A route of the facade that tells what there is of one kind.
    fileprivate convenience init(
        _ pattern: String,
        _ parameters: [String],
        _ summary: String,
        call: @escaping @Sendable (PathArguments) -> KubernetesCall
    ) {
        self.init(
            .get,
            pattern,
            .broker,
            .describe,
            parameters: (parameters + Self.everywhere).map { Parameter($0, "As Kubernetes has it.") },
            as: nil,
            summary
        ) { path throws(Problem) in .kubernetes(call(path)) }
    }

    /// A route of the facade that is about objects.
    fileprivate convenience init(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        _ action: Action,
        _ parameters: [String],
        _ summary: String,
        call: @escaping @Sendable (PathArguments) throws(Problem) -> KubernetesCall
    ) {
        self.init(
            method,
            KubernetesNames.root + pattern,
            .topic,
            action,
            body: method == .get ? .none : .document,
            parameters: (parameters + Self.everywhere).map { Parameter($0, "As Kubernetes has it.") },
            as: nil,
            summary
        ) { path throws(Problem) in .kubernetes(try call(path)) }
    }
}
