import BrokerAPI
import HTTPTypes
import Logging
import NIOCore
import Testing

@testable import BrokerHTTP

/// Both ways to the API answer the same, byte for byte.
@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    private static let page = "/v1/topics/flood/records?limit=3"

    /// A request that keeps its connection.
    private static func request(_ line: String, _ fields: String = "", body: String? = nil) -> String {
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        return "\(line) HTTP/1.1\r\nHost: a\r\n\(fields)\(length)\r\n\(body ?? "")"
    }

    private static func produce(_ body: String, _ query: String = "", type: String = "application/json") -> String {
        request("POST /v1/topics/quiet/records\(query)", "Content-Type: \(type)\r\n", body: body)
    }

    private static let record = #"{"records":[{"key":"k","value":{"n":1}}]}"#

    static let conversations: [[String]] = [
        [produce(record), produce(record), request("GET \(page)"), produce(record)],
        [produce("{\"value\":1}\n{\"value\":2}\n", type: "application/x-ndjson"), produce("raw", type: "text/plain")],
        [produce(#"{"records":[{"value":1},{"value":"#), produce("{}"), produce("", type: "application/json")],
        [
            produce(record, "?partition=7"), produce(record, "?partitoin=0"),
            produce(record, "?expectedOffset=4&partition=0"),
        ],
        [
            request("POST /v1/topics/nothing/records", body: record),
            request("POST /v1/topics/a%2Fb/records", body: record),
        ],
        [produce(record, type: "application/xml"), request("POST /v1/topics/quiet/records", body: record)],
        [produce(String(repeating: "x", count: 5000), type: "text/plain")],
        [
            request("POST /v1/topics/quiet/records", "Transfer-Encoding: chunked\r\n") + "3\r\nraw\r\n0\r\n\r\n",
            produce(record),
        ],
        [request("POST /v1/topics/quiet/records", "Expect: 100-continue\r\n", body: record), produce(record)],
        [request("GET \(page)", body: "{}")],
        [request("GET \(page)&fields=/n"), request("GET \(page)&from=1:2"), request("GET /v1/topics/quiet/records")],
        [request("HEAD \(page)"), request("OPTIONS \(page)"), request("PATCH \(page)")],
        [request("GET /v1/topics/flood/records?watch=true&limit=5")],
        [request("GET /v1/topics/flood/records?watch=true&limit=5", "Accept: text/event-stream\r\n")],
        [
            request("GET /v1/topics/flood/records?watch=true&limit=5", "Accept: application/x-ndjson\r\n"),
            produce(record),
        ],
        [request("GET /v1/topics/nothing/records?watch=true", "Connection: close\r\n")],
        [request("GET /v1/topics/nothing/records?limit=1"), produce(record)],
        [request("GET \(page)", "Host: b\r\n"), produce(record)],
        [request("GET \(page)", "Origin: https://a.example\r\n"), produce(record)],
        ["GET \(page) HTTP/1.1\r\n\r\n", produce(record)],
        ["GET \(page) HTTP/1.0\r\n\r\n"],
        [produce(record), "nonsense\r\n\r\n"],
        [request("GET /v1/topics"), produce(record), request("GET /v1/topics"), produce(record)],
    ]

    /// All requests go at once; then the client says that nothing more will come, which would end a stream.
    private func answers(to conversation: [String], over transport: HTTPTransport) async throws -> String {
        let policy = try CrossOriginPolicy(origins: ["https://a.example"])
        var text = ""
        try await SurfaceHarness.run(api: APIConfiguration(crossOrigin: policy), over: transport) { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(conversation.joined())
            if !conversation.joined().contains("watch=true") { client.endSending() }
            text = try await blocking { try client.text() }
        }
        return text
    }

    @Test(arguments: conversations) func bothAnswerTheSame(conversation: [String]) async throws {
        let direct = try await answers(to: conversation, over: .direct)
        let other = try await answers(to: conversation, over: .hummingbird)
        #expect(direct == other)
        #expect(direct.hasPrefix("HTTP/1."), "\(direct)")
    }

    @Test(arguments: HTTPTransport.allCases) func answersComeInTheOrderOfRequests(transport: HTTPTransport) async throws
    {
        let requests = (1...20).map { Self.produce(#"{"records":[{"value":\#($0)}]}"#) }
        let text = try await answers(to: requests, over: transport)
        let offsets = text.split(separator: "\"offset\":").dropFirst().map { $0.prefix { $0.isNumber } }
        #expect(offsets == (0..<20).map { "\($0)" }, "\(text)")
    }

    /// The client says nothing behind them, and keeps its side open.
    @Test(arguments: HTTPTransport.allCases) func requestsThatComeAtOnceAreAllAnswered(transport: HTTPTransport)
        async throws
    {
        let produce = Self.produce(Self.record)
        let other = Self.request("GET /v1/topics")
        let last = Self.request(
            "POST /v1/topics/quiet/records",
            "Content-Type: text/plain\r\nConnection: close\r\n",
            body: "x"
        )
        try await SurfaceHarness.run(over: transport) { harness in
            for requests in [
                [produce, last], [produce, other, last], [other, produce, last], [produce, produce, other, last],
            ] {
                let client = try RawConnection(port: try harness.port)
                try client.send(requests.joined())
                let text = try await blocking { try client.text() }
                #expect(text.ranges(of: "HTTP/1.1 200").count == requests.count, "\(text)")
            }
        }
    }

    @Test(arguments: HTTPTransport.allCases) func nothingIsStoredBehindALastAnswer(transport: HTTPTransport)
        async throws
    {
        try await SurfaceHarness.run(over: transport) { harness in
            let refused = try RawConnection(port: try harness.port)
            try refused.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789")
            let first = try await blocking { try refused.text(until: "}") }
            #expect(first.hasPrefix("HTTP/1.1 404") && first.contains("Connection: close"), "\(first)")
            try refused.send("0123456789" + Self.produce(Self.record))
            _ = try await blocking { try refused.text() }
            let watch = Self.request("GET /v1/topics/flood/records?watch=true&limit=3")
            let streamed = try RawConnection(port: try harness.port)
            try streamed.send(Self.request("GET /v1/topics") + watch + Self.produce(Self.record))
            _ = try await blocking { try streamed.text() }
            #expect(harness.engine.appendedRecords == 0)
        }
    }

    /// What goes straight to the API, and what does not.
    @Test func plainRequestsThatAreManyAreTaken() {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let routes = DirectRoutes(api: API(engine: FakeEngine(), logger: logger), budget: BodyBudget(bytesMax: 10_000))
        func takes(_ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], host: String? = "a")
            -> Bool
        {
            let request = HTTPRequest(method: method, scheme: nil, authority: host, path: path, headerFields: fields)
            return routes.route(of: request) != nil
        }
        let records = "/v1/topics/quiet/records"
        #expect(takes(.post, records, [.contentLength: "20"]))
        #expect(takes(.get, Self.page) && takes(.get, Self.page + "&watch=true"))
        #expect(takes(.get, "/v1/groups/g/stream?topics=t"))
        #expect(!takes(.post, records) && !takes(.post, records, [.transferEncoding: "chunked"]))
        #expect(!takes(.post, records, [.contentLength: "5000"]))
        #expect(!takes(.post, records + "?stream=true", [.contentLength: "20"]))
        #expect(!takes(.post, records, [.contentLength: "20", .expect: "100-continue"]))
        #expect(!takes(.post, records, [.contentLength: "20", .connection: "close"]))
        #expect(!takes(.post, records, [.contentLength: "20"], host: nil))
        #expect(!takes(.get, Self.page, [.contentLength: "2"]) && !takes(.get, Self.page + "&wait=1s"))
        #expect(!takes(.get, "/v1/topics") && !takes(.head, Self.page) && !takes(.get, "/nothing"))
    }
}
