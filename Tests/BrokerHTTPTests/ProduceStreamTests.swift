import Testing

/// Lines for as long as they come, over real sockets.
@Suite(.timeLimit(.minutes(1)), .bothTransports) struct ProduceStreamTests {
    private static let head = "POST /v1/topics/quiet/records?stream=true HTTP/1.1\r\nHost: x\r\n"
    private static let chunked = head + "Transfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ text: String) -> String {
        "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n"
    }

    /// Waits until no stream is open.
    private static func noneIsOpen(_ harness: SurfaceHarness) async {
        while harness.streamCount > 0 { await Task.yield() }
    }

    @Test func receiptsComeWhileTheBodyGoesOn() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let (first, second, rest) = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked + Self.chunk("{\"value\":1}\n"))
                let first = try connection.text(until: "flushed\"}\n")
                // Byte by byte, each in a chunk of its own.
                for byte in "{\"value\":2}\n".unicodeScalars { try connection.send(Self.chunk(String(byte))) }
                let second = try connection.text(until: "flushed\"}\n")
                try connection.send(Self.chunk("{\"value\":3}") + "0\r\n\r\n")
                return (first, second, try connection.text())
            }
            #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(first.contains("\r\nConnection: close\r\n") || first.contains("\r\nconnection: close\r\n"))
            #expect(first.contains("\"lines\":[1,1]"))
            #expect(second.contains("\"lines\":[2,2]"))
            #expect(rest.contains("\"lines\":[3,3]"))
            #expect(rest.contains("\"reason\":\"end\",\"reconnect\":false,\"retryAfterMs\":0,\"lines\":3,\"count\":3}"))
            #expect(rest.hasSuffix("0\r\n\r\n"))
            #expect(harness.engine.appendedRecords == 3)
            await Self.noneIsOpen(harness)
        }
    }

    @Test func aBodyOfAKnownLengthIsTakenAsItComes() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let (go, first, rest) = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.head + "Content-Length: 23\r\nExpect: 100-continue\r\n\r\n")
                let go = try connection.text(until: "100 Continue\r\n\r\n")
                try connection.send("{\"value\":1}\n")
                let first = try connection.text(until: "flushed\"}\n")
                try connection.send("{\"value\":2}")
                return (go, first, try connection.text())
            }
            #expect(go.hasPrefix("HTTP/1.1 100 Continue"))
            #expect(first.contains("\"lines\":[1,1]"))
            #expect(rest.contains("\"reason\":\"end\""))
            #expect(harness.engine.appendedRecords == 2)
        }
    }

    @Test func aBadLineEndsItWhileTheClientSends() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let text = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked + Self.chunk("{\"value\":1}\n{\"value\":\n"))
                let line = Self.chunk("{\"value\":\"\(String(repeating: "x", count: 10_000))\"}\n")
                // What follows is thrown away, and nothing is reset before it was read.
                for _ in 0..<100 { try connection.send(line) }
                return try connection.text()
            }
            #expect(text.contains("\"lines\":[1,1]"))
            #expect(text.contains("\"code\":\"invalid-request\""))
            #expect(text.contains("\"reason\":\"error\""))
            #expect(text.hasSuffix("0\r\n\r\n"))
            #expect(harness.engine.appendedRecords == 1)
            await Self.noneIsOpen(harness)
        }
    }

    @Test func aRefusalComesBeforeTheBody() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let text = try await blocking {
                let connection = try RawConnection(port: port)
                let target = "POST /v1/topics/none/records?stream=true HTTP/1.1\r\nHost: x\r\n"
                try connection.send(target + "Transfer-Encoding: chunked\r\n\r\n")
                return try connection.answer()
            }
            #expect(text.hasPrefix("HTTP/1.1 404"))
            #expect(harness.streamCount == 0)
        }
    }

    @Test(arguments: [false, true])
    func whatStandsBehindTheLastBreakOfABrokenBodyIsNoLine(leavesWholly: Bool) async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let text = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked + Self.chunk("{\"value\":1}\n"))
                _ = try connection.text(until: "flushed\"}\n")
                try connection.send(Self.chunk("{\"value\":2}\n{\"value\":3}"))
                if leavesWholly {
                    connection.end()
                    return ""
                }
                connection.endSending()
                return try connection.text()
            }
            await Self.noneIsOpen(harness)
            if !leavesWholly { #expect(text.contains("\"reason\":\"half-closed\"")) }
            #expect(harness.engine.appendedRecords == 2)
        }
    }

    @Test func aClientMayHaveEndedItsSideBehindTheBody() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let text = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked + Self.chunk("{\"value\":1}") + "0\r\n\r\n")
                connection.endSending()
                return try connection.text()
            }
            #expect(text.contains("\"reason\":\"end\""))
            #expect(harness.engine.appendedRecords == 1)
        }
    }

    @Test func aClientThatReadsLaterGetsAllReceipts() async throws {
        try await SurfaceHarness.run { harness in
            let port = try harness.port
            let count = 4000
            let text = try await blocking {
                let connection = try RawConnection(port: port, receiveBytes: 4096)
                try connection.send(Self.chunked)
                for number in 0..<count { try connection.send(Self.chunk("{\"value\":\(number)}\n")) }
                try connection.send("0\r\n\r\n")
                return try connection.text()
            }
            #expect(text.contains("\"lines\":\(count),\"count\":\(count)}"))
            #expect(harness.engine.appendedRecords == count)
            let counts = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{\"type\":\"receipt\"") }
                .compactMap {
                    line in
                    line.split(separator: "\"count\":").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
                }
            #expect(counts.reduce(0, +) == count)
        }
    }

    @Test func aQuietStreamOutlivesTheIdleTimeOfConnections() async throws {
        try await SurfaceHarness.run(configure: { $0.idleTimeout = .milliseconds(100) }) { harness in
            let port = try harness.port
            let text = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked + Self.chunk("{\"value\":1}\n"))
                _ = try connection.text(until: "flushed\"}\n")
                let isOver = connection.hasAnswer(withinMilliseconds: 400)
                try connection.send(Self.chunk("{\"value\":2}\n") + "0\r\n\r\n")
                return "\(isOver)" + (try connection.text())
            }
            #expect(text.hasPrefix("false"))
            #expect(text.contains("\"lines\":[2,2]"))
        }
    }

    @Test func roomForBodiesIsGivenBack() async throws {
        try await SurfaceHarness.run(configure: { $0.bodyBytesInFlightMax = 40_000 }) { harness in
            let port = try harness.port
            let texts = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.chunked)
                for _ in 0..<10 {
                    try connection.send(Self.chunk("{\"value\":\"\(String(repeating: "x", count: 15_000))\"}\n"))
                }
                // A part of a line holds room for as long as the stream is there.
                try connection.send(Self.chunk(String(repeating: " ", count: 30_000)))
                // Whichever comes second is refused; while neither is, the first has not been read.
                var refused = ""
                for _ in 0..<100 where !refused.contains("too-many-bodies") {
                    let other = try RawConnection(port: port)
                    try other.send(Self.chunked + Self.chunk(String(repeating: " ", count: 30_000)) + "0\r\n\r\n")
                    refused = try other.text()
                }
                try connection.send("0\r\n\r\n")
                return [refused, try connection.text()]
            }
            #expect(texts.contains { $0.contains("\"code\":\"too-many-bodies\"") })
            await Self.noneIsOpen(harness)
            let again = try await harness.send(
                "POST",
                "/v1/topics/quiet/records?stream=true",
                body: .bytes(.init(string: "{\"value\":\"\(String(repeating: "x", count: 30_000))\"}"))
            )
            #expect(String(buffer: try await again.body.collect(upTo: 10_000)).contains("\"reason\":\"end\""))
        }
    }
}
