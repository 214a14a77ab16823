import BrokerCore
import Testing

/// Clients that do not do what clients do: read, leave in good order, send one request.
@Suite(.timeLimit(.minutes(1)), .bothTransports) struct ClientTests {
    private static let flood = "GET /v1/topics/flood/records?watch=true HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let quiet = "GET /v1/topics/quiet/records?watch=true HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let poll = "GET /v1/topics/quiet/records?wait=60s HTTP/1.1\r\nHost: x\r\n\r\n"

    /// The lines of NDJSON in a chunked answer that has ended.
    private func lines(_ text: String) -> [Substring] {
        text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }
    }

    @Test func aReaderThatTakesNothingIsToldSlow() async throws {
        let engine = FakeEngine(slowWatcherMax: .milliseconds(300))
        try await SurfaceHarness.run(engine) { harness in
            let client = try RawConnection(port: try harness.port, receiveBytes: 16 << 10)
            try client.send(Self.flood)
            while harness.streamCount == 0 { await Task.yield() }
            // The stream ends by itself, and what it said waits to be read.
            while harness.streamCount > 0 { await Task.yield() }
            let lines = lines(try await blocking { try client.text() })
            #expect(lines.last == #"{"type":"goodbye","reason":"slow","reconnect":true,"retryAfterMs":250}"#)
            let records = lines.filter { $0.hasPrefix(#"{"type":"record""#) }
            #expect(records.indices.allSatisfy { records[$0].contains("\"offset\":\($0),") })
            #expect(lines.dropLast().last?.contains("\"cursor\":\"00000001:\(records.count)\"") == true)
            // What waited for it is bounded: some pieces here, as much in the kernel, and what it took at once.
            #expect((1...2000).contains(records.count))
        }
    }

    @Test func aReaderThatNeverReadsIsClosedAllTheSame() async throws {
        let engine = FakeEngine(slowWatcherMax: .milliseconds(200))
        try await SurfaceHarness.run(engine, configure: { $0.lingerMax = .milliseconds(200) }) { harness in
            let client = try RawConnection(port: try harness.port, receiveBytes: 16 << 10)
            try client.send(Self.flood)
            while harness.streamCount == 0 { await Task.yield() }
            while harness.streamCount > 0 { await Task.yield() }
            #expect(try await blocking { client.waitForReset(withinMilliseconds: 20_000) })
        }
    }

    /// What `curl --http2` and Java's client send first: it is answered, and the connection ends with that.
    @Test(arguments: ["h2c", "TLS/1.0, h2c", "foo"])
    func aWishForAnotherProtocolIsPassedOver(wanted: String) async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            let wish = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: \(wanted)\r\nHTTP2-Settings: AAMAAABk\r\n"
            try client.send("GET /v1/topics HTTP/1.1\r\nHost: a\r\n\(wish)\r\n")
            let answer = try await blocking { try client.text() }
            #expect(answer.hasPrefix("HTTP/1.1 200 OK") && answer.hasSuffix(#"{"topics":[]}"#), "\(answer)")
        }
    }

    @Test func aClientThatEndsItsSendingHalfIsToldSo() async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(Self.quiet)
            _ = try await blocking { try client.text(until: "bookmark") }
            client.endSending()
            let lines = lines(try await blocking { try client.text() })
            #expect(lines.last == #"{"type":"goodbye","reason":"half-closed","reconnect":false,"retryAfterMs":0}"#)
            #expect(harness.streamCount == 0)
        }
    }

    /// Whatever comes before the goodbye is whole: its cursor stands behind exactly that.
    @Test(arguments: [quiet, flood]) func aRequestAndAnEndAtOnceIsToldSo(request: String) async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(request)
            client.endSending()
            let text = try await blocking { try client.text() }
            #expect(text.hasPrefix("HTTP/1.1 200"))
            let lines = lines(text)
            #expect(lines.last?.contains("half-closed") == true)
            let records = lines.count { $0.hasPrefix(#"{"type":"record""#) }
            #expect(lines.dropLast().last?.contains("\"cursor\":\"00000001:\(records)\"") == true)
        }
    }

    @Test func aPollIsGivenUpWhenItsClientLeaves() async throws {
        let engine = FakeEngine()
        try await SurfaceHarness.run(engine) { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(Self.poll)
            while engine.waitingCount == 0 { await Task.yield() }
            client.end()
            while engine.waitingCount > 0 { await Task.yield() }
        }
    }

    @Test func aPollOfAHalfClosedClientIsAnsweredAtOnce() async throws {
        let engine = FakeEngine()
        try await SurfaceHarness.run(engine) { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(Self.poll)
            client.endSending()
            let answer = try await blocking { try client.answer() }
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.hasSuffix(#"{"records":[],"next":"00000001:0","caughtUp":true,"lag":0}"#))
            #expect(engine.waitingCount == 0)
        }
    }

    @Test func aPollKeepsTheRequestBehindIt() async throws {
        let engine = FakeEngine()
        try await SurfaceHarness.run(engine) { harness in
            let client = try RawConnection(port: try harness.port)
            let poll = Self.poll.replacing("wait=60s", with: "wait=0s")
            try client.send(poll + "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            let text = try await blocking { try client.text(until: "storage") }
            #expect(text.components(of: "HTTP/1.1 200") == 2)
        }
    }

    @Test(arguments: ["GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "garbage \u{1}\r\n\r\n"])
    func whatFollowsTheRequestOfAStreamDoesNotEndIt(rest: String) async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            let request = Self.flood.replacing("watch=true", with: "watch=true&limit=2000")
            try client.send(request + String(repeating: rest, count: 20))
            let lines = lines(try await blocking { try client.text() })
            #expect(lines.last?.contains(#""reason":"limit""#) == true)
            #expect(lines.count { $0.hasPrefix(#"{"type":"record""#) } == 2000)
        }
    }

    /// It is no request to the broker, and keeps nobody from seeing that the client has gone.
    @Test(arguments: ["GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", "garbage \u{1}\r\n\r\n"])
    func whatFollowsTheRequestOfAStreamIsNotRead(rest: String) async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(Self.quiet + String(repeating: rest, count: 20))
            let text = try await blocking { try client.text(until: "bookmark") }
            #expect(text.components(of: "HTTP/1.1") == 1)
            client.end()
            while harness.streamCount > 0 { await Task.yield() }
        }
    }
}

extension String {
    /// How often a text occurs.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
