import BrokerAPI
import HTTPTypes
import Testing

/// Who may use the API from a web page of another origin.
@Suite struct CrossOriginTests {
    private static let page = "https://app.example"

    private func preflight(_ harness: Harness, _ target: String, origin: String = page, asked: String? = nil)
        -> APIReply?
    {
        var fields: HTTPFields = [.origin: origin, .accessControlRequestMethod: "PUT"]
        fields[.accessControlRequestHeaders] = asked
        return harness.api.preflight(.options, target: target, fields: fields)
    }

    @Test func nothingIsSaidUnlessItIsConfigured() {
        let harness = Harness()
        #expect(harness.api.crossOriginFields(for: [.origin: Self.page]).isEmpty)
        #expect(preflight(harness, "/v1/topics/orders") == nil)
    }

    @Test func aListedOriginMayReadAndLearnsTheNamesOfFields() throws {
        let harness = Harness(origins: [Self.page, "http://localhost:3000"])
        let fields = harness.api.crossOriginFields(for: [.origin: "http://localhost:3000"])
        #expect(fields[.accessControlAllowOrigin] == "http://localhost:3000")
        #expect(fields[.vary] == "Origin")
        let exposed = try #require(fields[.accessControlExposeHeaders])
        for name in ["Group-Member", "Group-Session", "Producer-Expected-Seq", "Retry-After"] {
            #expect(exposed.contains(name))
        }
        #expect(fields[.accessControlAllowCredentials] == nil)
    }

    @Test(arguments: ["https://app.example.evil", "http://app.example", "https://app.example:8443", "null", ""])
    func anotherOriginIsToldNothingButThatItMatters(origin: String) {
        let fields = Harness(origins: [Self.page]).api.crossOriginFields(for: [.origin: origin])
        #expect(fields[.accessControlAllowOrigin] == nil)
        #expect(fields[.vary] == "Origin")
    }

    @Test func aStarIsForAllAndVariesWithNobody() {
        let fields = Harness(origins: ["*"]).api.crossOriginFields(for: [.origin: "null"])
        #expect(fields[.accessControlAllowOrigin] == "*")
        #expect(fields[.vary] == nil)
    }

    @Test func aPreflightTellsThePathsOwnMethods() throws {
        let harness = Harness(origins: [Self.page])
        let topic = try #require(preflight(harness, "/v1/namespaces/team/topics/orders?x=1"))
        #expect(topic.status == .noContent)
        #expect(topic.headers[.accessControlAllowMethods] == "GET, PUT, PATCH, DELETE")
        #expect(topic.headers[.accessControlMaxAge] == "7200")
        let produce = try #require(preflight(harness, "/v1/topics/orders/records"))
        #expect(produce.headers[.accessControlAllowMethods] == "POST, GET")
        // A name that is not allowed is told to the request itself, where the page can read it.
        #expect(preflight(harness, "/v1/topics/a%20b")?.status == .noContent)
        #expect(preflight(harness, "/nothing")?.status == .notFound)
    }

    @Test func aPreflightAllowsWhatTheAPIReadsAndAttributesOfEvents() throws {
        let reply = preflight(
            Harness(origins: [Self.page]),
            "/v1/topics/orders/records",
            asked: "content-type, ce-id,CE-Subject ,x-evil,ce-bad:name"
        )
        let allowed = try #require(reply?.headers[.accessControlAllowHeaders]).split(separator: ", ")
        for name in [
            "Last-Event-ID", "Content-Type", "Record-Key", "Producer-Id", "Producer-Epoch", "Producer-Seq",
            "Group-Session", "traceparent", "ce-specversion", "ce-id", "ce-subject", "If-Match", "If-None-Match",
        ] {
            #expect(allowed.contains { $0.lowercased() == name.lowercased() }, "\(name)")
        }
        #expect(!allowed.contains { $0.contains("evil") || $0.contains(":") })
    }

    @Test func aPreflightOfAnotherOriginIsRefused() {
        let reply = preflight(Harness(origins: [Self.page]), "/v1/topics/orders", origin: "https://evil.example")
        #expect(reply?.status == .forbidden)
    }

    @Test func anOptionsRequestThatIsNoPreflightIsAMethodLikeAnother() {
        let api = Harness(origins: [Self.page]).api
        #expect(api.preflight(.options, target: "/v1/topics", fields: [.origin: Self.page]) == nil)
        #expect(api.preflight(.options, target: "/v1/topics", fields: [.accessControlRequestMethod: "PUT"]) == nil)
        #expect(api.preflight(.get, target: "/v1/topics", fields: [.origin: Self.page]) == nil)
    }

    @Test func aSocketOfAnotherOriginIsRefusedInItsConversation() async throws {
        let harness = Harness(origins: [Self.page])
        try await harness.topic("orders")
        for (origin, isOpen) in [
            (Self.page, true), ("http://broker.example:8080", true), ("https://evil.example", false), ("null", false),
        ] {
            let request = APIRequest(
                method: .get,
                target: "/v1/topics/orders/records",
                authority: "broker.example:8080",
                headers: [.origin: origin]
            )
            switch await harness.api.converse(over: request, principal: .anonymous) {
            case .open(var stream):
                #expect(isOpen, "\(origin)")
                await stream.close()
            case .refused(let line, let code):
                #expect(!isOpen, "\(origin)")
                #expect(code == 4403)
                #expect(String(buffer: line).contains("\"code\":\"origin-not-allowed\""))
            }
        }
    }

    @Test func withoutAListASocketIsNotAsked() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let request = APIRequest(
            method: .get,
            target: "/v1/topics/orders/records",
            headers: [.origin: "https://evil.example"]
        )
        guard case .open(var stream) = await harness.api.converse(over: request, principal: .anonymous) else {
            Issue.record("the conversation was refused")
            return
        }
        await stream.close()
    }

    @Test(arguments: [
        "app.example", "https://app.example/", "https://app.example/path", "https://*.example", "ftp://app.example",
        "https://", "https://user@app.example", "https://app.example:0", "https://app.example:x", "null", "",
        "https://app.example:443", "http://app.example:80", "https://[::1", "https://a b", "http://::1",
    ])
    func whatIsNoOriginIsRefused(text: String) {
        #expect(throws: CrossOriginPolicy.Invalid.self) { try CrossOriginPolicy(origins: [text]) }
    }

    @Test(arguments: [
        "https://app.example", "HTTP://LOCALHOST:3000", "http://127.0.0.1:8080", "http://[::1]:3000", "https://[::1]",
        "https://xn--bcher-kva.example",
    ])
    func whatIsAnOriginIsTaken(text: String) throws {
        let policy = try CrossOriginPolicy(origins: [text])
        let harness = Harness(policy: policy)
        #expect(harness.api.crossOriginFields(for: [.origin: text])[.accessControlAllowOrigin] == text)
    }
}
