import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Lists and watches of objects.
extension API {
    /// Lists or watches the objects of a collection's name, in one namespace or in all that have it.
    ///
    /// A namespace without the collection has no objects of it, if another namespace has it: the resource is there.
    func readObjects(
        of resource: String,
        in namespace: Namespace?,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        let form = try KubernetesForm(context)
        try requireKubernetesResource(resource, in: namespace)
        let scope = try KubernetesScope(resource, in: namespace, context.query, limits: engine.limits)
        return scope.isWatch
            ? try await watchObjects(of: scope, form, context, principal)
            : try await listObjects(of: scope, form, context.query)
    }

    private func listObjects(
        of scope: KubernetesScope,
        _ form: KubernetesForm,
        _ query: QueryParameters
    ) async throws -> APIReply {
        let limits = engine.limits
        let limit = try query.integer("limit", in: 0...Int64.max).map { Int(clamping: $0) } ?? 0
        let parts = scope.parts(of: engine)
        if let version = scope.options.notBefore { try KubernetesVersion.check(version, of: parts.map(\.topic)) }
        var listing = try KubernetesListing(parts, next: query["continue"], limits: limits)
        let items = try await listing.read(
            engine,
            limit: min(limit == 0 ? .max : limit, limits.pageRecordsMax),
            bytesMax: limits.pageBytesMax
        )
        if scope.options.isExact, let version = scope.options.notBefore, version != listing.version {
            throw KubernetesStatus.expired(
                "The provided resource version is not available: \(Problem.shown(version)), current: \(listing.version)"
            )
        }
        let kind = KubernetesNames.kind(of: scope.resource)
        var text = KubernetesListText(form, kind: kind, now: engine.appendTime())
        let isPage = limit > 0
        if isPage { listing.keepOpen() }
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
        of scope: KubernetesScope,
        _ form: KubernetesForm,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        let parts = scope.parts(of: engine)
        guard parts.count <= 1 else {
            let namespaces = parts.map(\.topic.name.namespace.value).joined(separator: ", ")
            throw KubernetesStatus.badRequest(
                "a watch is of one namespace where several have the collection: watch it in each of \(namespaces), or "
                    + "name one in the field selector: metadata.namespace=\(parts[0].topic.name.namespace)"
            )
        }
        let options = WatchOptions(
            watching: .json,
            timeoutMilliseconds: scope.options.timeoutMilliseconds,
            limits: engine.limits,
            configuration: configuration
        )
        guard let part = parts.first else { return try watchNothing(scope, form, options, principal) }
        let topic = part.topic
        if let version = part.options.notBefore, KubernetesVersion.isOfOthers(version, than: [topic]) {
            throw KubernetesStatus.expired("The resourceVersion is one of other collections: list again")
        }
        let engine = engine
        let loss = "the changes are gone, or other namespaces have the collection than before: list again"
        let events = KubernetesEvents(
            object: KubernetesObject(topic, limits: engine.limits),
            marks: KubernetesMarks(resource: scope.resource, form: form, loss: scope.namespace == nil ? loss : nil)
        ) { engine.appendTime() }
        let condition = scope.namespace == nil ? Self.condition(scope, parts, topic.name, engine) : nil
        return try await watch(topic.name, part.options, options, form: events, while: condition, context, principal)
    }

    /// Watches where there is no collection now: it is quiet until there is one.
    private func watchNothing(
        _ scope: KubernetesScope,
        _ form: KubernetesForm,
        _ options: WatchOptions,
        _ principal: Principal
    ) throws -> APIReply {
        try requireReady()
        try KubernetesAbsence.check(scope.options.notBefore)
        let name = try TopicName(validating: scope.resource, in: scope.namespace ?? .default)
        let loss = "there is a collection \(scope.resource) now: list again"
        let marks = KubernetesMarks(resource: scope.resource, form: form, loss: loss)
        let content = KubernetesAbsence(marks, scope.options, options)
        let stream = WatchStream(
            WatchMachine(content, options, now: engine.clock.now),
            while: Self.condition(scope, [], name, engine),
            engine: engine,
            place: try streamPlaces.take(principal),
            isSocket: false
        )
        return APIReply(status: .ok, headers: Self.streamHeaders(.json, isStream: true), body: .stream(stream))
    }

    /// That the collections are the same as when the watch began.
    private static func condition(
        _ scope: KubernetesScope,
        _ parts: [KubernetesScope.Part],
        _ name: TopicName,
        _ engine: any BrokerEngine
    ) -> StreamCondition {
        let ids = parts.map(\.topic.id)
        return StreamCondition(of: engine, else: .topicReplaced(name)) {
            scope.parts(of: engine).map(\.topic.id) == ids
        }
    }
}
