import AsyncHTTPClient
import NIOCore
import Testing

/// Requests with whole answers: what the transport itself decides.
@Suite(.bothTransports) struct RequestTests {
    private func text(_ response: HTTPClientResponse) async throws -> String {
        String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    @Test func anAnswerCarriesDateServerAndLength() async throws {
        try await SurfaceHarness.run { harness in
            let response = try await harness.send("GET", "/v1/topics")
            #expect(response.status.code == 200)
            #expect(response.headers.first(name: "date") == "Sun, 06 Nov 1994 08:49:37 GMT")
            #expect(response.headers.first(name: "server") == "millrace")
            #expect(response.headers.first(name: "content-length") == "13")
            #expect(try await text(response) == #"{"topics":[]}"#)
        }
    }

    @Test func refusalsOfTheRouteTableAreProblems() async throws {
        try await SurfaceHarness.run { harness in
            let missing = try await harness.send("GET", "/nothing/here")
            #expect(missing.status.code == 404)
            #expect(missing.headers.first(name: "content-type") == "application/problem+json")
            #expect(try await text(missing).contains(#""code":"not-found""#))
            let wrong = try await harness.send("POST", "/v1/topics")
            #expect(wrong.status.code == 405)
            #expect(wrong.headers.first(name: "allow") == "GET, HEAD")
            let slash = try await harness.send("GET", "/v1/topics/a%2Fb")
            #expect((400..<500).contains(Int(slash.status.code)))
        }
    }

    @Test func headIsGetWithoutABody() async throws {
        try await SurfaceHarness.run { harness in
            let response = try await harness.send("HEAD", "/v1/topics")
            #expect(response.status.code == 200)
            #expect(response.headers.first(name: "content-length") == "13")
            #expect(try await text(response).isEmpty)
            // A HEAD must not join a group.
            let stream = try await harness.send("HEAD", "/v1/groups/g/stream?topics=t")
            #expect(stream.status.code == 405)
            #expect(harness.engine.closedCount == 0)
        }
    }

    @Test func aBodyOverTheLimitIsRefused() async throws {
        try await SurfaceHarness.run { harness in
            let bytes = ByteBuffer(repeating: 32, count: 5000)
            let whole = try await harness.send("POST", "/v1/topics/t/records", body: .bytes(bytes))
            #expect(whole.status.code == 413)
            #expect(try await text(whole).contains(#""code":"body-too-large""#))
            let chunks = [bytes, bytes].async
            let chunked = try await harness.send(
                "POST",
                "/v1/topics/t/records",
                body: .stream(chunks, length: .unknown)
            )
            #expect(chunked.status.code == 413)
        }
    }

    @Test func aBodyWithinTheLimitReachesTheAPI() async throws {
        try await SurfaceHarness.run { harness in
            let bytes = ByteBuffer(repeating: 32, count: 4096)
            let response = try await harness.send("POST", "/v1/topics/t/records", body: .bytes(bytes))
            #expect(response.status.code == 404)
            #expect(try await text(response).contains(#""code":"topic-not-found""#))
        }
    }

    @Test func aClientThatAsksFirstIsToldToGoOnOrNot() async throws {
        try await SurfaceHarness.run { harness in
            let expect = [("Expect", "100-continue")]
            let small = ByteBuffer(repeating: 32, count: 10)
            let accepted = try await harness.send("POST", "/v1/topics/t/records", headers: expect, body: .bytes(small))
            #expect(accepted.status.code == 404)
            let large = ByteBuffer(repeating: 32, count: 5000)
            let refused = try await harness.send("POST", "/v1/topics/t/records", headers: expect, body: .bytes(large))
            #expect(refused.status.code == 413)
        }
    }
}

extension Array where Element: Sendable {
    /// The elements one by one.
    var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
