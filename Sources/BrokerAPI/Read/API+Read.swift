import BrokerCore
import HTTPTypes
import RecordFormat

extension API {
    /// Reads or watches a topic.
    func readTopic(_ topic: TopicName, _ context: RequestContext) async throws -> APIReply {
        try await read([topic], nil, context)
    }

    /// Reads or watches one partition.
    func readPartition(
        _ topic: TopicName,
        _ partition: PartitionIndex,
        _ context: RequestContext
    ) async throws -> APIReply {
        try await read([topic], partition, context)
    }

    /// Reads or watches several topics.
    func readTopics(in namespace: Namespace, _ context: RequestContext) async throws -> APIReply {
        try await read(try TopicList.parse(context.query["topics"], in: namespace).sorted(), nil, context)
    }

    private func read(
        _ topics: [TopicName],
        _ partition: PartitionIndex?,
        _ context: RequestContext
    ) async throws -> APIReply {
        let options = try WatchOptions(
            context,
            isOnePartition: partition != nil,
            engine: engine,
            configuration: configuration
        )
        if options.isWatch || options.waitUntil != nil { try requireReady() }
        let start = ReadStart(engine: engine, topics: topics, partition: partition, isStrict: options.isStrict)
        let cursor = try await cursor(start, context)
        let machine = WatchMachine(options, cursor: cursor, now: engine.clock.now)
        guard options.isWatch else {
            let body = try await WatchStream.collect(machine, engine: engine)
            return APIReply(status: .ok, headers: Self.streamHeaders(options.framing), body: .bytes(body))
        }
        return APIReply(
            status: .ok,
            headers: Self.streamHeaders(options.framing),
            body: .stream(WatchStream(machine, engine: engine, isSocket: context.isSocket))
        )
    }

    private func cursor(_ start: ReadStart, _ context: RequestContext) async throws -> Cursor {
        // What a reconnecting event source was told last is later than what its URL says.
        if let last = context.request.headers[.lastEventID], !last.isEmpty { return try await start.cursor(from: last) }
        guard let offset = try context.query.integer("offset", in: 0...Int64.max) else {
            return try await start.cursor(from: context.query["from"])
        }
        if context.query["from"] != nil { throw Problem.invalidRequest("offset= and from= are both given") }
        return try await start.cursor(at: Offset(offset))
    }

    /// The header fields of an answer of records or events.
    static func streamHeaders(_ framing: Framing) -> HTTPFields {
        var headers: HTTPFields = [.contentType: framing.contentType]
        headers[.cacheControl] = framing == .json ? "no-store" : "no-cache, no-transform"
        if framing != .json { headers[.accelBuffering] = "no" }
        return headers
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
