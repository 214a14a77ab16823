import BrokerCore
import Testing

/// WebSockets, byte by byte.
@Suite(.timeLimit(.minutes(1)), .bothTransports) struct SocketTests {
    private static let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    private static func handshake(
        version: String = "1.1",
        host: String = "Host: a\r\n",
        connection: String = "Connection: keep-alive, Upgrade\r\n",
        key: String = key
    ) -> String {
        "GET /v1/topics/quiet/records HTTP/\(version)\r\n\(host)Upgrade: websocket\r\n\(connection)\(key)"
            + "Sec-WebSocket-Version: 13\r\n\r\n"
    }

    /// A socket on a topic without records, whose first message has come.
    private func opened(_ harness: SurfaceHarness) async throws -> RawConnection {
        let client = try RawConnection(port: try harness.port)
        try client.send(Self.handshake())
        let text = try await blocking { try client.text(until: "bookmark") }
        #expect(text.hasPrefix("HTTP/1.1 101"), "\(text)")
        return client
    }

    @Test func aClientThatEndsItsSendingHalfIsToldSo() async throws {
        try await SurfaceHarness.run { harness in
            let client = try await opened(harness)
            client.endSending()
            let bytes = try await blocking { try client.bytes() }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(text.contains(#"{"type":"goodbye","reason":"half-closed","reconnect":false"#), "\(text)")
            #expect(bytes.suffix(4) == [0x88, 2, 0x03, 0xE8])
            while harness.streamCount > 0 { await Task.yield() }
        }
    }

    /// Codes that stand for closes without a frame, that are not defined, and that no frame has; and a reason that is no text.
    @Test(
        arguments: [
            ([0x03, 0xE8], [0x03, 0xE8]), ([0x0F, 0xA0, 0x61], [0x0F, 0xA0]), ([], []),
            ([0x03, 0xE7], [0x03, 0xEA]), ([0x03, 0xEC], [0x03, 0xEA]), ([0x03, 0xED], [0x03, 0xEA]),
            ([0x03, 0xEE], [0x03, 0xEA]), ([0x03, 0xF7], [0x03, 0xEA]), ([0x07, 0xD0], [0x03, 0xEA]),
            ([0x13, 0x88], [0x03, 0xEA]), ([0x03], [0x03, 0xEA]), ([0x03, 0xE8, 0xFF], [0x03, 0xEF]),
        ] as [([UInt8], [UInt8])]
    )
    func aClosingFrameIsAnswered(sent: [UInt8], answered: [UInt8]) async throws {
        try await SurfaceHarness.run { harness in
            let client = try await opened(harness)
            // Masked with nothing but zeros.
            try client.send([0x88, 0x80 | UInt8(sent.count), 0, 0, 0, 0] + sent)
            let bytes = try await blocking { try client.bytes() }
            #expect(bytes.suffix(2 + answered.count) == [0x88, UInt8(answered.count)] + answered, "\(bytes.suffix(8))")
        }
    }

    private static let unsound: [(String, String)] = [
        (handshake(connection: ""), "Connection: Upgrade"),
        (handshake(connection: "Connection: close\r\n"), "Connection: Upgrade"),
        (handshake(version: "1.0"), "HTTP/1.1"),
        (handshake(host: ""), "Host"), (handshake(host: "Host: a\r\nHost: a\r\n"), "Host"),
        (handshake(key: ""), "16 bytes"), (handshake(key: key + key), "16 bytes"),
        (handshake(key: "Sec-WebSocket-Key: x\r\n"), "16 bytes"),
        (handshake(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n"), "16 bytes"),
        (handshake(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n"), "16 bytes"),
    ]

    @Test(arguments: unsound)
    func whatIsNoHandshakeIsRefused(request: String, reason: String) async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            try client.send(request)
            let text = try await blocking { try client.text() }
            #expect(text.contains(" 400 Bad Request\r\n") && text.contains(reason), "\(text)")
            #expect(text.contains(#""code":"invalid-request""#) && !text.contains("101"))
        }
    }

    @Test func aLaterHandshakeHasItsTurn() async throws {
        try await SurfaceHarness.run { harness in
            let client = try RawConnection(port: try harness.port)
            let first = "GET /v1/topics HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send(first + Self.handshake(connection: "Connection: Upgrade, close\r\n", key: ""))
            let text = try await blocking { try client.text() }
            let answers = text.ranges(of: "HTTP/1.1 ").map { text[$0.lowerBound...].prefix(12) }
            #expect(answers == ["HTTP/1.1 200", "HTTP/1.1 426"], "\(text)")
        }
    }
}
