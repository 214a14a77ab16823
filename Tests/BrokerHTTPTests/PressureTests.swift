import BrokerCore
import NIOCore
import Testing

/// What the listener does when there is too much of something.
@Suite(.timeLimit(.minutes(1)), .bothTransports) struct PressureTests {
    private static func head(_ length: Int) -> String {
        "POST /v1/topics/t/records HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
    }

    private func port(_ harness: SurfaceHarness) throws -> Int {
        try #require(harness.address.split(separator: ":").last.flatMap { Int($0) })
    }

    @Test func aFullQueueAnswersAtOnceAndItsSocketIsNotRead() async throws {
        let engine = FakeEngine(
            bodyBytesMax: .mebibytes(64),
            appendRefusal: .queueFull(retryAfterMilliseconds: 2000)
        )
        try await SurfaceHarness.run(engine) { harness in
            let port = try port(harness)
            let (answer, taken, rest) = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.head(64 << 20))
                // The answer comes before any of the body is sent.
                let answer = try connection.answer()
                let taken = try connection.sendUntilStuck(bytes: 64 << 20, patienceMilliseconds: 500)
                // After the time that the client was told, the rest is read and thrown away.
                let rest = try connection.sendUntilStuck(bytes: (64 << 20) - taken, patienceMilliseconds: 20_000)
                return (answer, taken, rest)
            }
            #expect(answer.hasPrefix("HTTP/1.1 429"))
            #expect(answer.contains("Retry-After: 2"))
            #expect(answer.contains(#""code":"quota-exceeded""#))
            #expect(taken < 32 << 20)
            #expect(taken + rest == 64 << 20)
        }
    }

    @Test func aFullVolumeIs507BeforeTheBodyIsRead() async throws {
        let engine = FakeEngine(appendRefusal: .insufficientStorage("x", retryAfterMilliseconds: 5000))
        try await SurfaceHarness.run(engine) { harness in
            let port = try port(harness)
            let answer = try await blocking {
                let connection = try RawConnection(port: port)
                try connection.send(Self.head(100))
                return try connection.answer()
            }
            #expect(answer.hasPrefix("HTTP/1.1 507"))
            #expect(answer.contains("Retry-After: 5"))
            #expect(answer.contains(#""code":"insufficient-storage""#))
            let readiness = try await harness.send("GET", "/readyz")
            #expect(String(buffer: try await readiness.body.collect(upTo: 1000)).contains(#""storage":"full""#))
        }
    }

    @Test func bodiesOfAllConnectionsTogetherAreBounded() async throws {
        try await SurfaceHarness.run(configure: { $0.bodyBytesInFlightMax = 8000 }) { harness in
            let port = try port(harness)
            let slow = try RawConnection(port: port)
            try slow.send(Self.head(4000) + String(repeating: " ", count: 3900))
            let another = try RawConnection(port: port)
            try another.send(Self.head(4000) + String(repeating: " ", count: 3900))
            // Until what they have sent has come in, a third finds room; then it does not.
            var refusal = ""
            while !refusal.hasPrefix("HTTP/1.1 429") {
                refusal = try await blocking {
                    let third = try RawConnection(port: port)
                    try third.send(Self.head(1000))
                    if third.hasAnswer(withinMilliseconds: 50) { return try third.answer() }
                    try third.send(String(repeating: " ", count: 1000))
                    return try third.answer()
                }
            }
            #expect(refusal.contains(#""code":"too-many-bodies""#))
            #expect(refusal.contains("Retry-After: 1"))
            try slow.send(String(repeating: " ", count: 100))
            #expect(try await blocking { try slow.answer() }.hasPrefix("HTTP/1.1 404"))
            let later = try await harness.send(
                "POST",
                "/v1/topics/t/records",
                body: .bytes(ByteBuffer(repeating: 32, count: 1000))
            )
            #expect(later.status.code == 404)
        }
    }

    @Test func connectionsBeyondTheBoundWaitUntilOneEnds() async throws {
        try await SurfaceHarness.run(configure: { $0.connectionsMax = 1 }) { harness in
            let port = try port(harness)
            let request = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
            let (first, early, second) = try await blocking {
                // Idle connections count.
                let one = try RawConnection(port: port)
                try one.send(request)
                let first = try one.answer()
                let two = try RawConnection(port: port)
                try two.send(request)
                let early = two.hasAnswer(withinMilliseconds: 300)
                one.end()
                return (first, early, try two.answer())
            }
            #expect(first.hasPrefix("HTTP/1.1 200"))
            #expect(!early)
            #expect(second.hasPrefix("HTTP/1.1 200"))
        }
    }
}
