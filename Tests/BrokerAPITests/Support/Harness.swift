import BrokerAPI
import BrokerCore
import HTTPTypes
import Logging
import NIOCore
import RecordFormat
import Testing

/// The whole API on an engine in memory, driven as a transport would drive it.
struct Harness {
    let engine = MemoryEngine()
    let api: API

    init(
        recordsPerRequestMax: Int = 100_000,
        policy: CrossOriginPolicy? = nil,
        limits: (inout Limits) -> Void = { _ in }
    ) {
        engine.set { limits(&$0.limits) }
        api = API(
            engine: engine,
            configuration: APIConfiguration(
                recordsPerRequestMax: recordsPerRequestMax,
                crossOrigin: policy,
                random: { 5 }
            ),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// The API on another engine than the one in memory.
    init(on other: any BrokerEngine) {
        api = API(engine: other, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// The API with pages of some origins let in.
    init(origins: [String]) {
        do {
            self.init(policy: try CrossOriginPolicy(origins: origins))
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// An answer, its body read as text.
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let text: String

        func json() throws -> JSON { try JSON(text) }
        var code: String? { (try? json())?["code"]?.string }
        var detail: String { (try? json())?["detail"]?.string ?? text }
        /// The objects of an NDJSON body.
        func lines() throws -> [JSON] {
            try text.split(separator: "\n").map { try JSON(String($0)) }
        }
    }

    @discardableResult
    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: String = "",
        type: String? = nil,
        headers: HTTPFields = [:],
        principal: Principal = .anonymous,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> Answer {
        await send(
            method,
            target,
            bytes: Array(body.utf8),
            type: type,
            headers: headers,
            principal: principal,
            sourceLocation: sourceLocation
        )
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        bytes: [UInt8],
        type: String? = nil,
        headers: HTTPFields = [:],
        principal: Principal = .anonymous,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async -> Answer {
        let reply = await reply(method, target, bytes, type: type, headers: headers, principal: principal)
        var text = ""
        switch reply.body {
        case .bytes(let body): text = String(buffer: body)
        case .stream(var stream):
            if var sink = reply.sink, await sink.take(ByteBuffer(bytes: bytes)) { await sink.end(isWhole: true) }
            while let piece = await stream.next() { text += String(buffer: piece) }
            await stream.close()
        }
        let answer = Answer(status: reply.status.code, headers: reply.headers, text: text)
        // Whatever a test asks for, the answer is one that the OpenAPI document has.
        if case .found(let found) = api.match(method, target: target) {
            DocumentCheck.check(answer, of: found.route, sourceLocation)
        }
        return answer
    }

    func reply(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: [UInt8] = [],
        type: String? = nil,
        headers: HTTPFields = [:],
        principal: Principal = .anonymous
    ) async -> APIReply {
        var headers = headers
        if let type { headers[.contentType] = type }
        let match = api.match(method, target: target)
        if case .found(let route) = match, body.count > route.bodyBytesMax.value {
            return API.bodyTooLarge(max: route.bodyBytesMax, target: target)
        }
        let request = APIRequest(method: method, target: target, headers: headers, body: ByteBuffer(bytes: body))
        return await api.respond(to: request, match: match, principal: principal)
    }

    /// Creates a topic and answers its name.
    @discardableResult
    func topic(_ name: String, partitions: Int = 1) async throws -> TopicName {
        let answer = await send(.put, "/v1/topics/\(name)", "{\"partitions\":\(partitions)}")
        try #require(answer.status == 201)
        return try TopicName(validating: name)
    }

    @discardableResult
    func produce(_ topic: String, _ records: String, query: String = "") async -> Answer {
        await send(.post, "/v1/topics/\(topic)/records\(query)", "{\"records\":[\(records)]}", type: "application/json")
    }

    @discardableResult
    func produceLines(_ topic: String, _ lines: String, query: String = "") async -> Answer {
        await send(.post, "/v1/topics/\(topic)/records\(query)", lines, type: "application/x-ndjson")
    }
}

extension DecodedRecord {
    var keyText: String? { key.map { String(buffer: $0) } }
    var valueText: String? { value.map { String(buffer: $0) } }
}
