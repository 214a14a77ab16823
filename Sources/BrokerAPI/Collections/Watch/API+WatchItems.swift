import BrokerCore
import HTTPTypes
import RecordFormat

extension API {
    /// Lists or watches a collection.
    func readCollection(
        _ collection: TopicName,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        let choice = try Negotiation.collection(context)
        let limits = engine.limits
        let options = try CollectionOptions(context.query, isWatch: choice.isWatch, hasBookmarks: true, limits: limits)
        let projection = try context.query["fields"].map { (text) throws(Problem) in
            try FieldList.parse(text, limits: limits)
        }
        let text = try itemText(collection, projection)
        guard choice.isWatch else { return try await listItems(collection, options, text, context) }
        let form = ItemForm(
            text: text,
            fields: context.query["fields"],
            isPatch: try Self.isPatch(context.query),
            hasPrevious: try context.query.bool("prev") ?? false
        )
        let stream = try watchOptions(choice, options, context)
        return try await watch(collection, options, stream, form: form, context, principal)
    }

    /// Watches a collection in a form.
    ///
    /// The first read is done before the answer begins, so that what is wrong is a refusal; an event source, which cannot read
    /// one, is told `ERROR`.
    /// - Parameter stream: what the stream is; its filter, its projection and its counts mean nothing here.
    /// - Parameter condition: what must hold all the while.
    func watch(
        _ collection: TopicName,
        _ options: CollectionOptions,
        _ stream: WatchOptions,
        form: any CollectionForm,
        while condition: StreamCondition? = nil,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let isEventSource = stream.framing == .sse && !context.isSocket
        let last = isEventSource ? context.lastEventID.map(CursorText.unmarked) : nil
        // It was told to stop, and knew no version.
        if let last, last.isEnded, last.cursor.isEmpty { return Self.nothingMore }
        let place = try streamPlaces.take(principal)
        let topic = try engine.topic(collection)
        let wish = CollectionContent.Wish(
            collection: collection,
            versions: CollectionVersion(topic),
            selector: options.selector,
            hasBookmarks: options.hasBookmarks,
            shared: sharedChanges,
            beginsWithState: options.start.isState
        )
        var content = CollectionContent(wish, .nowhere, form: form, stream)
        let first: WatchMachine<CollectionContent>.Event
        do {
            let start = try Self.start(options, last: last?.cursor, in: CollectionPlaces(topic))
            content = CollectionContent(wish, start, form: form, stream)
            first = .read(try await CollectionContent.read(content.reading, engine))
            // It was told to stop at a version that is still one to go on from; of any other it is told what became of it.
            if last?.isEnded == true {
                place.giveBack()
                return Self.nothingMore
            }
        } catch {
            guard let lost = Self.loss(error, of: collection) else { throw error }
            guard isEventSource else { throw CollectionContent.problem(lost, of: collection) }
            content = CollectionContent(wish, .nowhere, form: form, stream)
            first = .failed(lost)
        }
        let machine = WatchMachine(content, stream, now: engine.clock.now)
        return APIReply(
            status: .ok,
            headers: Self.streamHeaders(stream.framing, isStream: true),
            body: .stream(
                WatchStream(
                    machine,
                    first: first,
                    while: condition,
                    engine: engine,
                    place: place,
                    isSocket: context.isSocket
                )
            )
        )
    }

    private static func start(
        _ options: CollectionOptions,
        last: String?,
        in places: CollectionPlaces
    ) throws(Problem) -> CollectionContent.Start {
        // What a reconnecting event source was told last is later than what its URL says.
        if let last { return .changes(try places.cursor(of: last)) }
        switch options.start {
        case .state(let isMarked):
            if let version = options.notBefore { try places.check(notBefore: version) }
            return .state(isMarked: isMarked)
        case .version(let version): return .changes(try places.cursor(of: version))
        case .now: return .changes(places.now)
        }
    }

    /// What a client that must list again is told, where that is the case.
    private static func loss(_ error: any Error, of collection: TopicName) -> BrokerError? {
        switch error {
        case let error as BrokerError:
            switch error {
            case .versionExpired, .topicReplaced: error
            default: nil
            }
        case let problem as Problem where problem.code == .versionExpired: .topicReplaced(collection)
        default: nil
        }
    }

    private func watchOptions(
        _ choice: Negotiation,
        _ options: CollectionOptions,
        _ context: RequestContext
    ) throws(Problem) -> WatchOptions {
        let query = context.query
        for name in ["limit", "continue"] where query[name] != nil {
            throw .invalidRequest("\(name)= is for a list, and a watch has no pages")
        }
        let timeout = try query.milliseconds("timeout")
        if timeout != nil, options.timeoutMilliseconds != nil {
            throw .invalidRequest("timeout= and timeoutSeconds= are both given")
        }
        return WatchOptions(
            watching: choice.framing,
            timeoutMilliseconds: options.timeoutMilliseconds ?? timeout,
            recordEvent: try WatchOptions.recordEvent(query),
            limits: engine.limits,
            configuration: configuration
        )
    }

    private static func isPatch(_ query: QueryParameters) throws(Problem) -> Bool {
        switch query["as"] {
        case nil, "object": return false
        case "patch": return true
        case .some(let text): throw .invalidRequest("as is object or patch, not \"\(Problem.shown(text))\"")
        }
    }
}
