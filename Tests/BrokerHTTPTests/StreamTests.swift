import AsyncHTTPClient
import BrokerHTTP
import NIOCore
import ServiceLifecycle
import Testing

/// Streams: how they end, and that each is closed exactly once.
@Suite(.bothTransports) struct StreamTests {
    private static let join = "/v1/groups/g/stream?topics=t"

    private func wasClosed(_ engine: FakeEngine) async {
        var closings = engine.closings.makeAsyncIterator()
        _ = await closings.next()
    }

    @Test func aClientThatLeavesClosesItsStreamOnce() async throws {
        let engine = FakeEngine()
        try await SurfaceHarness.run(engine) { harness in
            do {
                let response = try await harness.send("GET", Self.join)
                #expect(response.headers.first(name: "group-member") == "m_1")
                var chunks = response.body.makeAsyncIterator()
                var text = ""
                while !text.contains(#""type":"assigned""#) {
                    text += String(buffer: try #require(try await chunks.next()))
                }
                // Letting the iterator go closes the connection.
            }
            await wasClosed(engine)
        }
        #expect(engine.closedCount == 1)
    }

    @Test func aShutdownEndsStreamsWithGoodbye() async throws {
        let engine = FakeEngine()
        try await SurfaceHarness.run(engine) { harness in
            let response = try await harness.send("GET", Self.join)
            #expect(response.headers.first(name: "connection") == "close")
            await harness.shutDown()
            let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
            let last = try #require(text.split(separator: "\n").last)
            #expect(last.contains(#""type":"goodbye""#) && last.contains(#""reason":"drain""#))
        }
        #expect(engine.closedCount == 1)
    }

    @Test func aStreamThatDoesNotEndIsCutOffAtTheDeadline() async throws {
        let engine = FakeEngine(listensToDrain: false)
        try await SurfaceHarness.run(engine, configure: { $0.drainMax = .milliseconds(50) }) { harness in
            let response = try await harness.send("GET", Self.join)
            await harness.shutDown()
            _ = try? await response.body.collect(upTo: 1 << 20)
        }
        #expect(engine.closedCount == 1)
    }

    @Test func manyStreamsAreClosedOnceEach() async throws {
        let engine = FakeEngine()
        let (openings, opening) = AsyncStream<Void>.makeStream()
        try await SurfaceHarness.run(engine) { harness in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let response = try await harness.send("GET", Self.join)
                        var chunks = response.body.makeAsyncIterator()
                        _ = try await chunks.next()
                        opening.yield()
                        // Half of them leave, the other half hears the goodbye.
                        if index.isMultiple(of: 2) { return }
                        while try await chunks.next() != nil {}
                    }
                }
                var opened = openings.makeAsyncIterator()
                for _ in 0..<20 { await opened.next() }
                await harness.shutDown()
                try await group.waitForAll()
            }
        }
        #expect(engine.closedCount == 20)
    }

    @Test func anAddressInUseIsAnErrorWithItsReason() async throws {
        try await SurfaceHarness.run { harness in
            let port = try #require(Int(harness.address.split(separator: ":").last ?? ""))
            let error = await #expect(throws: HTTPSurfaceError.self) {
                try await SurfaceHarness.run(configure: { $0.port = port }) { _ in }
            }
            guard case .cannotListen(_, port, let code, _) = try #require(error) else {
                Issue.record("another error")
                return
            }
            #expect(code != 0)
        }
    }
}
