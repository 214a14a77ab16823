import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat

extension API {
    /// Reads or watches a topic.
    func readTopic(
        _ topic: TopicName,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try await read([topic], nil, context, principal)
    }

    /// Reads or watches one partition.
    func readPartition(
        _ topic: TopicName,
        _ partition: PartitionIndex,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try await read([topic], partition, context, principal)
    }

    /// Reads or watches several topics.
    func readTopics(
        in namespace: Namespace,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try await read(try TopicList.parse(context.query["topics"], in: namespace).sorted(), nil, context, principal)
    }

    private func read(
        _ topics: [TopicName],
        _ partition: PartitionIndex?,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        let options = try WatchOptions(
            context,
            isOnePartition: partition != nil,
            engine: engine,
            configuration: configuration
        )
        if options.isWatch || options.waitUntil != nil { try requireReady() }
        let start = ReadStart(engine: engine, topics: topics, partition: partition, isStrict: options.isStrict)
        let isEventSource = options.framing == .sse && !context.isSocket
        guard var cursor = try await cursor(start, context, isEventSource: isEventSource) else {
            return Self.nothingMore
        }
        if let to = context.query["to"] { cursor.end(at: try await start.cursor(to: to)) }
        if isEventSource, cursor.isAtEnd, context.lastEventID != nil { return Self.nothingMore }
        // Only now: who is told that there is nothing more needs no place.
        let place = options.isWatch ? try streamPlaces.take(principal) : nil
        let shared = options.isWatch && options.filter == nil ? sharedFrames : nil
        let machine = WatchMachine(options, cursor: cursor, shared: shared, now: engine.clock.now)
        guard let place else {
            let body = try await WatchStream.collect(machine, engine: engine)
            return APIReply(status: .ok, headers: Self.streamHeaders(options.framing), body: .bytes(body))
        }
        return APIReply(
            status: .ok,
            headers: Self.streamHeaders(options.framing),
            body: .stream(WatchStream(machine, engine: engine, place: place, isSocket: context.isSocket))
        )
    }

    /// Where to begin; nil where an event source comes back although it was told that there is nothing more for it.
    private func cursor(
        _ start: ReadStart,
        _ context: RequestContext,
        isEventSource: Bool
    ) async throws -> Cursor? {
        // What a reconnecting event source was told last is later than what its URL says.
        if let last = context.lastEventID {
            let id = isEventSource ? last : CursorText.unmarked(last).cursor
            return try await start.cursor(afterEvent: id)
        }
        guard let offset = try context.query.integer("offset", in: 0...Int64.max) else {
            return try await start.cursor(from: context.query["from"])
        }
        if context.query["from"] != nil { throw Problem.invalidRequest("offset= and from= are both given") }
        return try await start.cursor(at: Offset(offset))
    }

    /// Tells an event source to stop, which nothing but this status does (WHATWG HTML, 9.2).
    static var nothingMore: APIReply {
        APIReply(status: .noContent, headers: [.cacheControl: "no-store"], body: .bytes(ByteBuffer()))
    }

    /// The header fields of an answer of records or events.
    ///
    /// - Parameter isStream: whether `json` goes on too.
    static func streamHeaders(_ framing: Framing, isStream: Bool = false) -> HTTPFields {
        let isPage = framing == .json && !isStream
        var headers: HTTPFields = [.contentType: framing.contentType]
        headers[.cacheControl] = isPage ? "no-store" : "no-cache, no-transform"
        if !isPage { headers[.accelBuffering] = "no" }
        return headers
    }
}

extension RequestContext {
    /// The last id that an event source was told, if there was any.
    var lastEventID: String? {
        request.headers[.lastEventID].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Cursor {
    /// Ends reading where another cursor stands, for good: partitions that are added later are not read.
    fileprivate mutating func end(at other: Cursor) {
        let ends = Dictionary(other.positions.map { ($0.partition, $0.next) }) { first, _ in first }
        for index in positions.indices { positions[index].end = ends[positions[index].partition] ?? .zero }
        isWhole = false
    }
}

/// Topics in a query, joined with commas.
enum TopicList {
    /// The topics in the order given, each once.
    static func parse(_ text: String?, in namespace: Namespace) throws(Problem) -> [TopicName] {
        guard let text, !text.isEmpty else {
            throw Problem.invalidRequest("topics= is missing: topics=orders,payments")
        }
        return try named(text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }, in: namespace)
    }

    /// The topics of some names, each once.
    static func named(_ names: [String], in namespace: Namespace) throws(Problem) -> [TopicName] {
        var topics: [TopicName] = []
        for name in names {
            do throws(NameError) {
                let topic = try TopicName(validating: name, in: namespace)
                if topics.contains(topic) { throw NameError(name: topic.name, reason: "is given twice") }
                topics.append(topic)
            } catch {
                throw Problem(error, of: "topics")
            }
        }
        return topics
    }
}
