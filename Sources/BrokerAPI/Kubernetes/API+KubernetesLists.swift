import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Lists and watches of objects.
extension API {
    /// Lists or watches the objects of a collection's name, in one namespace or in all that have it.
    ///
    /// - Parameter resource: the collection's name, where it is all namespaces.
    func readObjects(
        of topics: [TopicDescription],
        everywhere resource: String? = nil,
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
            ? try await watchObjects(of: topics, everywhere: resource, options, form, context, principal)
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
        everywhere resource: String?,
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
        if let version = options[0].notBefore, KubernetesVersion.isOfOthers(version, than: topics) {
            throw KubernetesStatus.expired("The resourceVersion is one of other collections: list again")
        }
        let engine = engine
        let events = KubernetesEvents(
            object: KubernetesObject(topic, limits: engine.limits),
            form: form,
            isEverywhere: resource != nil
        ) { engine.appendTime() }
        let stream = WatchOptions(
            watching: .json,
            timeoutMilliseconds: options[0].timeoutMilliseconds,
            limits: engine.limits,
            configuration: configuration
        )
        let condition = resource.map { resource in
            StreamCondition(else: .topicReplaced(topic.name)) { Self.isAlone(topic, of: resource, in: engine) }
        }
        return try await watch(topic.name, options[0], stream, form: events, while: condition, context, principal)
    }

    /// Whether a topic is still the only one of all namespaces that is behind a resource.
    private static func isAlone(_ topic: TopicDescription, of resource: String, in engine: any BrokerEngine) -> Bool {
        let names = engine.namespaces.compactMap { try? TopicName(validating: resource, in: $0) }
        let others = names.compactMap { try? engine.topic($0) }.filter { KubernetesFacade.objection(to: $0) == nil }
        return others.map(\.id) == [topic.id]
    }
}
