import HTTPTypes
import Testing

@testable import BrokerAPI

@Suite struct NegotiationTests {
    @Test(
        arguments: [
            (nil, "", "application/json"),
            ("*/*", "", "application/json"),
            ("application/json", "", "application/json"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "", "application/json"),
            ("*/*", "watch=true&timeout=1", "application/x-ndjson"),
            (nil, "watch=true&timeout=1", "application/x-ndjson"),
            ("application/json, application/x-ndjson;q=0.5", "watch=1&timeout=1", "application/x-ndjson"),
            ("application/x-ndjson", "", "application/x-ndjson"),
            ("application/jsonl", "", "application/x-ndjson"),
            ("text/event-stream", "timeout=1", "text/event-stream"),
            ("Text/Event-Stream ; charset=utf-8", "timeout=1", "text/event-stream"),
            ("application/json;q=0.1, text/event-stream", "timeout=1", "text/event-stream"),
            ("application/json", "framing=sse&timeout=1", "text/event-stream"),
            ("text/event-stream", "framing=json", "application/json"),
            (nil, "framing=ndjson", "application/x-ndjson"),
            ("text/event-stream;q=0, application/json", "", "application/json"),
        ] as [(String?, String, String)]
    )
    func theFramingIsChosen(accept: String?, query: String, type: String) async throws {
        let answer = try await answer(accept, query)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == type)
    }

    @Test(
        arguments: [
            ("application/json", "watch=true"), ("text/event-stream", "watch=false"), ("text/html", ""),
            ("application/xml;q=1", ""), (nil, "framing=json&watch=true"), (nil, "framing=sse&watch=false"),
            (nil, "framing=websocket"),
        ] as [(String?, String)]
    )
    func aFramingThatIsNotThereIsRefused(accept: String?, query: String) async throws {
        let answer = try await answer(accept, query)
        #expect(answer.status == 406)
        #expect(answer.code == "framing-not-supported")
    }

    @Test func waitingIsForPages() async throws {
        #expect(try await answer(nil, "watch=true&wait=1s").status == 400)
    }

    private func answer(_ accept: String?, _ query: String) async throws -> Harness.Answer {
        let harness = Harness()
        try await harness.topic("orders")
        let headers: HTTPFields = accept.map { [.accept: $0] } ?? [:]
        return await harness.send(.get, "/v1/topics/orders/records?\(query)", headers: headers)
    }
}
