import BrokerAPI
import Testing

/// What HTTP asks of any server, over bare connections.
@Suite(.timeLimit(.minutes(1)), .bothTransports) struct HTTPRulesTests {
    private static let watch = "/v1/topics/flood/records?watch=true&limit=3"

    /// Everything that comes for a text until the broker closes.
    private func answer(to text: String, _ harness: SurfaceHarness) async throws -> String {
        let client = try RawConnection(port: try harness.port)
        try client.send(text)
        return try await blocking { try client.text() }
    }

    @Test func aClientOfHTTP10IsAnsweredAsSuch() async throws {
        try await SurfaceHarness.run { harness in
            let page = try await answer(to: "GET /v1/topics HTTP/1.0\r\n\r\n", harness)
            #expect(page.hasPrefix("HTTP/1.0 200 OK\r\n") && page.hasSuffix(#"{"topics":[]}"#), "\(page)")
            #expect(page.lowercased().contains("connection: close"))
            let stream = try await answer(to: "GET \(Self.watch) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", harness)
            let parts = stream.split(separator: "\r\n\r\n", maxSplits: 1)
            #expect(stream.hasPrefix("HTTP/1.0 200") && !parts[0].lowercased().contains("chunked"), "\(parts[0])")
            let lines = (parts.last ?? "").split(separator: "\n")
            #expect(lines.count == 6 && lines.allSatisfy { $0.hasPrefix("{") }, "\(lines)")
            #expect(lines.last?.contains("goodbye") == true)
        }
    }

    @Test func aClientOfHTTP10KeepsItsConnectionIfItAsks() async throws {
        try await SurfaceHarness.run { harness in
            let first = "GET /v1/topics HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
            let text = try await answer(to: first + "GET /nothing HTTP/1.0\r\n\r\n", harness)
            #expect(text.ranges(of: "HTTP/1.0 ").count == 2, "\(text)")
            #expect(text.contains("Connection: keep-alive\r\n") && text.contains("HTTP/1.0 404"))
        }
    }

    @Test func aConnectionEndsWhereTheRequestSaysSo() async throws {
        try await SurfaceHarness.run { harness in
            let fields = "Host: a\r\nConnection: Close\r\n"
            let text = try await answer(to: "GET /v1/topics HTTP/1.1\r\n\(fields)\r\n", harness)
            #expect(text.hasPrefix("HTTP/1.1 200") && text.contains("Connection: close"), "\(text)")
        }
    }

    @Test(arguments: ["", "Host: a\r\nHost: b\r\n"])
    func aRequestNamesOneHost(fields: String) async throws {
        try await SurfaceHarness.run { harness in
            let text = try await answer(to: "GET /v1/topics HTTP/1.1\r\n\(fields)Connection: close\r\n\r\n", harness)
            #expect(text.hasPrefix("HTTP/1.1 400") && text.contains("one Host field"), "\(text)")
        }
    }

    /// Nothing but a head, in any case; and the connection goes on.
    @Test func headOfAWatchTellsNoLength() async throws {
        try await SurfaceHarness.run { harness in
            let head = "HEAD \(Self.watch) HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "HEAD /v1/topics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let text = try await answer(to: head + head + last, harness)
            let answers = text.split(separator: "\r\n\r\n")
            #expect(answers.count == 3 && answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200") }, "\(text)")
            #expect(answers.dropLast().allSatisfy { !$0.lowercased().contains("content-length") }, "\(text)")
            #expect(answers.last?.contains("Content-Length: 13") == true)
            #expect(harness.streamCount == 0)
            let old = try await answer(to: "HEAD \(Self.watch) HTTP/1.0\r\n\r\n", harness)
            #expect(old.hasPrefix("HTTP/1.0 200") && old.hasSuffix("\r\n\r\n"), "\(old)")
        }
    }

    /// The bare 400 of a first and of a later request, the 426 of the one and the other.
    @Test func everyAnswerHasTheCommonFields() async throws {
        let policy = try CrossOriginPolicy(origins: ["https://app.example"])
        try await SurfaceHarness.run(api: APIConfiguration(crossOrigin: policy)) { harness in
            let good = "GET /v1/topics HTTP/1.1\r\nHost: a\r\n\r\n"
            let socket =
                "GET /v1/topics HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade, close\r\nSec-WebSocket-Version: 8\r\n\r\n"
            for (request, status) in [("rubbish\r\n\r\n", 400), (socket, 426)] {
                for before in ["", good] {
                    let text = try await answer(to: before + request, harness)
                    let last = try #require(text.ranges(of: "HTTP/1.1 ").last.map { text[$0.lowerBound...] })
                    #expect(last.hasPrefix("HTTP/1.1 \(status) "), "\(text)")
                    for field in ["Date: Sun, 06 Nov 1994", "Server: millrace", "Vary: Origin"] {
                        #expect(last.ranges(of: field).count == 1, "\(field) in \(last)")
                    }
                    let isAllowed = last.contains("Access-Control-Allow-Origin: https://app.example")
                    #expect(isAllowed == (status == 426), "\(last)")
                }
            }
        }
    }
}
