import BrokerAPI
import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@Suite struct RouteTests {
    @Test func everyRouteIsFoundUnderBothOfItsForms() {
        let harness = Harness()
        for route in API.routes.routes {
            let path = route.pattern.replacing("{topic}", with: "orders").replacing("{group}", with: "g")
                .replacing("{partition}", with: "0").replacing("{collection}", with: "prices")
                .replacing("{namespace}", with: "team")
            var targets = [path]
            if path.hasPrefix("/v1/") { targets.append("/v1/namespaces/team/" + path.dropFirst(4)) }
            for target in targets {
                guard case .found(let found) = harness.api.match(route.method, target: target) else {
                    Issue.record("\(route.method) \(target) is not found")
                    continue
                }
                #expect(found.route.pattern == route.pattern)
            }
        }
    }

    @Test func everyRouteOfTheIssueIsThere() {
        let table = Set(API.routes.routes.map { "\($0.method.rawValue) \($0.pattern)" })
        let wanted: Set<String> = [
            "PUT /v1/topics/{topic}", "PATCH /v1/topics/{topic}", "GET /v1/topics/{topic}", "DELETE /v1/topics/{topic}",
            "GET /v1/topics",
            "GET /v1/topics/{topic}/partitions", "POST /v1/topics/{topic}/records", "GET /v1/topics/{topic}/records",
            "GET /v1/topics/{topic}/partitions/{partition}/records", "GET /v1/records", "GET /v1/groups",
            "DELETE /v1/topics/{topic}/partitions/{partition}/records",
            "PUT /v1/groups/{group}", "PATCH /v1/groups/{group}", "PATCH /v1/groups/{group}/offsets",
            "POST /v1/groups/{group}/members", "GET /v1/groups/{group}/members/{member}/records",
            "POST /v1/groups/{group}/members/{member}/heartbeat", "DELETE /v1/groups/{group}/members/{member}",
            "GET /v1/groups/{group}/rebalances", "DELETE /v1/groups/{group}",
            "GET /v1/groups/{group}", "GET /v1/groups/{group}/members", "GET /v1/groups/{group}/stream",
            "POST /v1/groups/{group}/commits", "GET /v1/groups/{group}/offsets", "GET /v1/groups/{group}/lag",
            "GET /v1/collections", "GET /v1/collections/{collection}", "GET /v1/collections/{collection}/{key}",
            "PUT /v1/collections/{collection}/{key}", "PATCH /v1/collections/{collection}/{key}",
            "DELETE /v1/collections/{collection}/{key}",
            "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json",
            "GET /version", "GET /api", "GET /api/v1", "GET /api/v1/namespaces", "GET /api/v1/namespaces/{namespace}",
            "GET /apis", "GET /apis/millrace.dev", "GET /apis/millrace.dev/v1",
            "GET /openapi/v2", "GET /openapi/v3", "GET /openapi/v3/apis/millrace.dev/v1",
            "GET /apis/millrace.dev/v1/{collection}",
            "GET /apis/millrace.dev/v1/namespaces/{namespace}/{collection}",
            "POST /apis/millrace.dev/v1/namespaces/{namespace}/{collection}",
            "GET /apis/millrace.dev/v1/namespaces/{namespace}/{collection}/{key}",
            "PUT /apis/millrace.dev/v1/namespaces/{namespace}/{collection}/{key}",
            "PATCH /apis/millrace.dev/v1/namespaces/{namespace}/{collection}/{key}",
            "DELETE /apis/millrace.dev/v1/namespaces/{namespace}/{collection}/{key}",
        ]
        #expect(table == wanted)
    }

    @Test(arguments: [
        "/v1/topics/.", "/v1/topics/..", "/v1/topics/%2e%2e", "/v1/topics/a%2Fb", "/v1/topics/a%252Fb",
        "/v1/topics/", "/v1/topics/__offsets", "/v1/topics/a%20b", "/v1/topics/%C3%A9", "/v1/topics/a%0Ab",
        "/v1/groups/%2E", "/v1/namespaces/../topics", "/v1/namespaces/a%2fb/topics",
    ])
    func aNameThatIsNotAllowedIsRefusedWithTheRule(target: String) async {
        let answer = await Harness().send(.get, target)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid-request")
        #expect(answer.detail.contains("1 to 249 characters of A-Z a-z 0-9 . _ -"))
        #expect(answer.headers[.contentType] == "application/problem+json")
    }

    @Test(arguments: ["/v1/topics/%zz", "/v1/topics/%2", "/v1/topics/%FF", "/v1/records?topics=%FF"])
    func brokenPercentEncodingIsRefused(target: String) async {
        let answer = await Harness().send(.get, target)
        #expect(answer.status == 400)
        #expect(answer.detail.contains("percent-encoded UTF-8"))
    }

    @Test func aNameOf249CharactersIsTheLongest() async throws {
        let harness = Harness()
        try await harness.topic(String(repeating: "x", count: 249))
        #expect(await harness.send(.put, "/v1/topics/" + String(repeating: "x", count: 250)).status == 400)
    }

    @Test(arguments: ["/", "/v2/topics", "/v1", "/v1/topics/a/b", "/v1/webhooks", "/v1/topics/a/records/", "*", ""])
    func anUnknownPathIsNotFound(target: String) async {
        let answer = await Harness().send(.get, target)
        #expect(answer.status == 404)
        #expect(answer.code == "not-found")
    }

    @Test func anotherMethodTellsThoseThatThereAre() async {
        let answer = await Harness().send(.post, "/v1/topics/orders")
        #expect(answer.status == 405)
        #expect(answer.headers[.allow] == "GET, HEAD, PUT, PATCH, DELETE")
        #expect(await Harness().send(.delete, "/healthz").headers[.allow] == "GET, HEAD")
    }

    @Test func anUnknownQueryParameterIsNamedWithThoseThatAreKnown() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?form=earliest")
        #expect(answer.status == 400)
        #expect(answer.detail.contains("\"form\""))
        #expect(answer.detail.contains("from, to, filter, fields, limit, maxBytes, wait, watch"))
        #expect(await harness.send(.get, "/v1/topics?x").status == 400)
        #expect(await harness.send(.get, "/v1/topics/orders/records?limit=1&limit=2").detail.contains("given twice"))
    }

    @Test(arguments: [
        "limit=0", "limit=x", "limit=-1", "maxBytes=0", "wait=soon", "wait=-1", "wait=5d", "watch=maybe", "timeout=1x",
        "framing=xml", "strict=2", "event=other", "wait=99999999999999x",
    ])
    func aQueryParameterOutOfRangeIsRefused(query: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?\(query)")
        #expect(answer.status == 400 || answer.code == "framing-not-supported")
        #expect(answer.detail.contains(query.prefix { $0 != "=" }))
    }

    /// However large, it is taken as the bound.
    @Test(arguments: ["3600", "999999999999", "9999999999999", "9223372036854775808h", "99999999999999999999ms"])
    func aLengthOfTimeBeyondItsBoundIsTheBound(length: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let before = harness.engine.testClock.now
        #expect(await harness.send(.get, "/v1/topics/orders/records?wait=\(length)").status == 200)
        #expect(harness.engine.testClock.now == before.advanced(byMilliseconds: 60_000))
        #expect(await harness.send(.get, "/v1/topics/orders/records?timeout=\(length)").status == 200)
    }

    @Test func headStandsBesideEveryGetButThatOfAMember() async {
        #expect(await Harness().send(.put, "/v1/topics/orders/records").headers[.allow] == "POST, GET, HEAD")
        #expect(await Harness().send(.put, "/v1/groups/g/stream").headers[.allow] == "GET")
        #expect(await Harness().send(.put, "/v1/groups/g/members/m/records").headers[.allow] == "GET")
    }

    @Test func aBodyBeyondTheRoutesLimitIsRefusedWithTheBound() async throws {
        let harness = Harness { $0.requestBodyBytesMax = .kibibytes(1) }
        try await harness.topic("orders")
        let answer = await harness.send(
            .post,
            "/v1/topics/orders/records",
            bytes: Array(repeating: 0x61, count: 1025)
        )
        #expect(answer.status == 413)
        #expect(answer.code == "body-too-large")
        #expect(try answer.json()["maxBytes"] == .integer(1024))
        #expect(try answer.json()["noSideEffects"] == .bool(true))
    }

    @Test func healthAndReadinessFollowThePhase() async {
        let harness = Harness()
        #expect(await harness.send(.get, "/healthz").status == 200)
        #expect(await harness.send(.get, "/readyz").status == 200)
        harness.engine.set { $0.phase = .draining }
        #expect(await harness.send(.get, "/healthz").status == 200)
        #expect(await harness.send(.get, "/readyz").status == 503)
        harness.engine.set { $0.phase = .failed }
        #expect(await harness.send(.get, "/healthz").status == 503)
    }
}
