import BrokerAPI
import BrokerCore
import HTTPTypes
import Logging
import NIOCore
import RecordFormat

extension Benchmark {
    /// The API from a request to its answer, all but the transport and the engine.
    static let api = [
        produceOne,
        produce("produce-lines", "check and batch 1,000 lines of key and value, over 8 partitions", "", \.lines),
        produce(
            "produce-values",
            "the same with bare values whose key stands at /customer",
            "?as=values&key=/customer",
            \.bareLines
        ),
        read("page-json", "write a page of 1,000 records as one document", "application/json"),
        read("page-ndjson", "the same, a line each", "application/x-ndjson"),
        read("watch-sse", "write 1,000 records as server-sent events to one watcher", "text/event-stream"),
        fanOut,
    ]

    private static func produce(
        _ name: String,
        _ about: String,
        _ query: String,
        _ body: @escaping @Sendable (SampleRecords) -> ByteBuffer
    ) -> Benchmark {
        Benchmark(name: name, about: about, operation: "record", passesCounted: 5) { _ in
            let records = SampleRecords(count: 1000)
            let caller = Caller(MeasuredEngine(partitions: 8))
            let body = body(records)
            return HotLoop(operations: records.values.count, bytes: body.readableBytes) {
                let type = "application/x-ndjson"
                _ = try await caller.answer(.post, "/v1/topics/orders/records\(query)", [.contentType: type], body)
            }
        }
    }

    private static let produceOne = Benchmark(
        name: "produce-one",
        about: "take requests of one record each, as bytes with a key in a field, over 64 partitions",
        operation: "request",
        passesCounted: 2
    ) { _ in
        let records = SampleRecords(count: 1000)
        let caller = Caller(MeasuredEngine(partitions: 64))
        let requests = zip(records.keys, records.values).map { key, value in
            // As a connection has them: fields that every client sends, and those of the record.
            let fields: HTTPFields = [
                .userAgent: "micro-bench", .accept: "*/*", .contentType: "application/octet-stream",
                HTTPField.Name.recordKey: String(decoding: key, as: UTF8.self), .contentLength: "\(value.count)",
            ]
            return (fields, ByteBuffer(bytes: value))
        }
        return HotLoop(operations: requests.count, bytes: requests.count * SampleRecords.valueBytes) {
            for (fields, body) in requests {
                let bytes = try await caller.answer(.post, "/v1/topics/orders/records", fields, body)
                try WrongOutcome.check((80...120).contains(bytes), is: true, "an answer of \(bytes) bytes")
            }
        }
    }

    private static func read(_ name: String, _ about: String, _ type: String) -> Benchmark {
        Benchmark(name: name, about: about, operation: "record", passesCounted: 5) { _ in
            let records = SampleRecords(count: 1000)
            let caller = Caller(MeasuredEngine(log: .batches(records.batches())))
            let target = "/v1/topics/orders/records?limit=\(records.values.count)"
            let bytes = try await caller.answer(.get, target, [.accept: type])
            // No framing writes less than the values, or three times of them.
            let values = records.values.count * SampleRecords.valueBytes
            try WrongOutcome.check((values...values * 3).contains(bytes), is: true, "an answer of \(bytes) bytes")
            return HotLoop(operations: records.values.count, bytes: bytes) {
                let written = try await caller.answer(.get, target, [.accept: type])
                try WrongOutcome.check(written, is: bytes, "bytes of the answer")
            }
        }
    }

    private static let fanOut = Benchmark(
        name: "fan-out",
        about: "give one new record to 100 watchers by server-sent events: encoded once, copied by each",
        operation: "delivery",
        passesCounted: 4
    ) { _ in
        let log = EndlessLog(SampleRecords(count: 1).batch(0..<1))
        let caller = Caller(MeasuredEngine(log: .endless(log)))
        var watchers: [any APIStream] = []
        for _ in 0..<100 {
            var stream = try await caller.stream("/v1/topics/orders/records", [.accept: "text/event-stream"])
            // What opens the stream.
            _ = await stream.next()
            watchers.append(stream)
        }
        let rounds = 10
        return HotLoop(
            operations: watchers.count * rounds,
            bytes: watchers.count * rounds * SampleRecords.valueBytes
        ) {
            for _ in 0..<rounds {
                for index in watchers.indices {
                    let piece = await watchers[index].next()
                    let isRecord = (piece?.readableBytes ?? 0) > SampleRecords.valueBytes
                    try WrongOutcome.check(isRecord, is: true, "whether a record came")
                }
            }
        }
    }
}

extension HTTPField.Name {
    fileprivate static var recordKey: HTTPField.Name {
        guard let name = HTTPField.Name("Record-Key") else { preconditionFailure("not a field name") }
        return name
    }
}

/// Calls the API as a transport does.
private struct Caller {
    private let api: API

    init(_ engine: MeasuredEngine) {
        let logger = Logger(label: "micro-bench", factory: { _ in SwiftLogNoOpLogHandler() })
        api = API(engine: engine, configuration: APIConfiguration(random: { 5 }), logger: logger)
    }

    /// The bytes of an answer, which must be one that went well.
    func answer(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ headers: HTTPFields,
        _ body: ByteBuffer = ByteBuffer()
    ) async throws -> Int {
        switch try await reply(method, target, headers, body).body {
        case .bytes(let bytes): return bytes.readableBytes
        case .stream(var stream):
            var count = 0
            while let piece = await stream.next() { count += piece.readableBytes }
            await stream.close()
            return count
        }
    }

    /// A stream that has sent nothing.
    func stream(_ target: String, _ headers: HTTPFields) async throws -> any APIStream {
        guard case .stream(let stream) = try await reply(.get, target, headers, ByteBuffer()).body else {
            throw WrongOutcome(description: "\(target) is not a stream")
        }
        return stream
    }

    private func reply(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ headers: HTTPFields,
        _ body: ByteBuffer
    ) async throws -> APIReply {
        let request = APIRequest(method: method, target: target, headers: headers, body: body)
        let match = api.match(method, target: target)
        if let answer = api.preflight(method, target: target, fields: headers) { return answer }
        if case .found(let found) = match, let refusal = api.refusal(before: found, declaredBytes: body.readableBytes) {
            return refusal
        }
        let reply = await api.respond(to: request, match: match, principal: .anonymous)
        guard reply.status == .ok else {
            guard case .bytes(let problem) = reply.body else { throw WrongOutcome(description: "\(reply.status)") }
            throw WrongOutcome(description: "\(reply.status): \(String(buffer: problem))")
        }
        return reply
    }
}
