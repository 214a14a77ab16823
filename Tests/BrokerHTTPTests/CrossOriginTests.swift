import AsyncHTTPClient
import BrokerAPI
import NIOCore
import Testing

/// Pages of other origins, over real sockets: every kind of answer says whether they may read it.
@Suite(.bothTransports) struct CrossOriginTests {
    private static let origin = "https://app.example"

    private func run(_ body: (SurfaceHarness) async throws -> Void) async throws {
        let policy = try CrossOriginPolicy(origins: [Self.origin])
        try await SurfaceHarness.run(api: APIConfiguration(crossOrigin: policy), body)
    }

    private func allowed(_ response: HTTPClientResponse) -> String? {
        response.headers.first(name: "access-control-allow-origin")
    }

    @Test func everyKindOfAnswerCarriesTheFields() async throws {
        try await run { harness in
            let page = [("Origin", Self.origin)]
            let large = HTTPClientRequest.Body.bytes(ByteBuffer(repeating: 32, count: 5000))
            let answers = [
                try await harness.send("GET", "/v1/topics", headers: page),
                try await harness.send("GET", "/v1/topics/nothing", headers: page),
                try await harness.send("GET", "/nothing", headers: page),
                try await harness.send("POST", "/v1/topics", headers: page),
                try await harness.send("POST", "/v1/topics/t/records", headers: page, body: large),
                try await harness.send("GET", "/v1/topics", headers: page, body: .bytes(ByteBuffer(string: "x"))),
                try await harness.send("GET", "/v1/groups/g/stream?topics=t", headers: page),
            ]
            #expect(answers.map { Int($0.status.code) } == [200, 404, 404, 405, 413, 400, 200])
            for answer in answers {
                #expect(allowed(answer) == Self.origin, "\(answer.status)")
                #expect(answer.headers["vary"] == ["Origin"])
                #expect(answer.headers.first(name: "access-control-expose-headers")?.contains("Group-Session") == true)
            }
        }
    }

    @Test func aPreflightIsAnsweredOnAConnectionThatGoesOn() async throws {
        try await run { harness in
            let fields = [("Origin", Self.origin), ("Access-Control-Request-Method", "POST")]
            let preflight = try await harness.send("OPTIONS", "/v1/topics/t/records", headers: fields)
            #expect(preflight.status.code == 204)
            #expect(allowed(preflight) == Self.origin)
            #expect(preflight.headers.first(name: "access-control-allow-methods") == "POST, GET")
            #expect(preflight.headers.first(name: "connection") == nil)
            let other = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")]
            let refused = try await harness.send("OPTIONS", "/v1/topics/t/records", headers: other)
            #expect(refused.status.code == 403)
            #expect(allowed(refused) == nil)
        }
    }

    @Test func withoutAPolicyNothingIsSaid() async throws {
        try await SurfaceHarness.run { harness in
            let fields = [("Origin", Self.origin), ("Access-Control-Request-Method", "POST")]
            let answer = try await harness.send("OPTIONS", "/v1/topics", headers: fields)
            #expect(answer.status.code == 405)
            #expect(allowed(answer) == nil)
            #expect(answer.headers["vary"].isEmpty)
        }
    }
}
