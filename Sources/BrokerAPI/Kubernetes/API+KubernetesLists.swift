import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Lists and watches of objects.
extension API {
    /// Lists or watches the objects of a collection's name, in one namespace or in all that have it.
    func readObjects(
        of topics: [TopicDescription],
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        let form = try KubernetesForm(context)
        let isWatch = try context.query.bool("watch") ?? false
        let options = try topics.map { topic in
            try CollectionOptions(
                context.query,
                isWatch: isWatch,
                hasBookmarks: false,
                constants: ["metadata.namespace": topic.name.namespace.value],
                limits: engine.limits
            )
        }
        return isWatch
            ? try await watchObjects(of: topics, options, form, context, principal)
            : try await listObjects(of: topics, options, form, context.query)
    }

    private func listObjects(
        of topics: [TopicDescription],
        _ options: [CollectionOptions],
        _ form: KubernetesForm,
        _ query: QueryParameters
    ) async throws -> APIReply {
        let limits = engine.limits
        let limit = try query.integer("limit", in: 0...Int64.max).map { Int(clamping: $0) } ?? 0
        if let version = options[0].notBefore { try KubernetesVersion.check(version, of: topics) }
        var listing = try KubernetesListing(topics, options, next: query["continue"], limits: limits)
        let items = try await listing.read(
            engine,
            limit: min(limit == 0 ? .max : limit, limits.pageRecordsMax),
            bytesMax: limits.pageBytesMax
        )
        if options[0].isExact, let version = options[0].notBefore, version != listing.version {
            throw KubernetesStatus.expired(
                "The provided resource version is not available: \(Problem.shown(version)), current: \(listing.version)"
            )
        }
        let kind = KubernetesNames.kind(of: topics[0].name.name)
        var text = KubernetesListText(form, kind: kind, now: engine.appendTime())
        let isPage = limit > 0
        var body = text.beginning(version: listing.version, next: isPage ? listing.next : nil)
        body.writeImmutableBuffer(text.items(items))
        guard !isPage, !listing.isAtEnd else {
            body.writeImmutableBuffer(text.end())
            return .json(body: body)
        }
        // Whoever names no limit wants everything at once, however much that is.
        let stream = KubernetesListStream(listing, text, beginning: body, engine: engine)
        return APIReply(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .stream(stream)
        )
    }

    private func watchObjects(
        of topics: [TopicDescription],
        _ options: [CollectionOptions],
        _ form: KubernetesForm,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        guard let topic = topics.first, topics.count == 1 else {
            let namespaces = topics.map(\.name.namespace.value).joined(separator: ", ")
            throw KubernetesStatus.badRequest(
                "a watch is of one namespace where several have the collection: watch it in each of \(namespaces)"
            )
        }
        let engine = engine
        let events = KubernetesEvents(object: KubernetesObject(topic, limits: engine.limits), form: form) {
            engine.appendTime()
        }
        let stream = WatchOptions(
            watching: .json,
            timeoutMilliseconds: options[0].timeoutMilliseconds,
            limits: engine.limits,
            configuration: configuration
        )
        return try await watch(topic.name, options[0], stream, form: events, context, principal)
    }
}
