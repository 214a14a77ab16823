import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// An event source comes back after every close; 204 tells it to stop (WHATWG HTML, 9.2).
@Suite struct StopTests {
    private let path = "/v1/topics/orders/records"

    private func harness() async throws -> Harness {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2},{\"value\":3}")
        return harness
    }

    /// Reads as an event source does: until it is told to stop, or a few times.
    private func visits(_ harness: Harness, _ query: String) async throws -> (statuses: [Int], values: [Int64]) {
        var statuses: [Int] = []
        var values: [Int64] = []
        var headers: HTTPFields = [.accept: "text/event-stream"]
        for _ in 0..<4 {
            let answer = await harness.send(.get, path + query, headers: headers)
            statuses.append(answer.status)
            guard answer.status == 200 else {
                #expect(answer.text.isEmpty)
                break
            }
            let events = SSEReader(answer.text).events
            values += try events.filter { $0.type == "record" }.compactMap { try JSON($0.data)["value"]?.integer }
            if let id = events.last?.lastEventID, !id.isEmpty { headers[.lastEventID] = id }
        }
        return (statuses, values)
    }

    @Test func aStreamThatReachedItsLimitIsNotBegunAgain() async throws {
        let (statuses, values) = try await visits(harness(), "?limit=2")
        #expect(statuses == [200, 204])
        #expect(values == [1, 2])
    }

    @Test func aStreamThatReachedItsEndIsNotBegunAgain() async throws {
        let (statuses, values) = try await visits(harness(), "?to=latest&filter=value!%3D2")
        #expect(statuses == [200, 204])
        #expect(values == [1, 3])
    }

    @Test func aStreamThatEndsInAnErrorForGoodIsNotBegunAgain() async throws {
        let harness = try await harness()
        harness.engine.set { $0.readError = .corrupt("damaged") }
        #expect(try await visits(harness, "").statuses == [200, 204])
    }

    @Test func aStreamThatIsToComeBackDoes() async throws {
        let (statuses, values) = try await visits(harness(), "?timeout=1")
        #expect(statuses == [200, 200, 200, 200])
        #expect(values == [1, 2, 3])
        let busy = try await harness()
        busy.engine.set { $0.readError = .storageRefused("busy") }
        #expect(try await visits(busy, "").statuses == [200, 200, 200, 200])
    }

    @Test func anIDAtTheEndIsEnoughToStop() async throws {
        let harness = try await harness()
        let accept: HTTPFields = [.accept: "text/event-stream", .lastEventID: "00000001:2"]
        #expect(await harness.send(.get, path + "?to=00000001:2", headers: accept).status == 204)
        #expect(await harness.send(.get, path + "?to=00000001:1", headers: accept).status == 204)
        #expect(await harness.send(.get, path + "?to=00000001:3", headers: accept).status == 200)
        // One that begins there is told so in a stream.
        #expect(await harness.send(.get, path + "?framing=sse&from=latest&to=latest").status == 200)
    }

    @Test func theMarkedIDIsAPlainCursorElsewhere() async throws {
        let harness = try await harness()
        let page = try await harness.send(.get, path + "?from=00000001:2;end").json()
        #expect(page["records"]?.array.count == 1)
        let lines = await harness.send(.get, path + "?timeout=1&watch=true", headers: [.lastEventID: "00000001:2;end"])
        #expect(try lines.lines().compactMap { $0["value"]?.integer } == [3])
        let garbage = await harness.send(.get, path + "?framing=sse", headers: [.lastEventID: "x;end"])
        #expect(garbage.code == "invalid-cursor")
    }

    @Test func whoeverIsToldToStopNeedsNoPlace() async throws {
        let harness = Harness { $0.streamsPerPrincipalMax = 0 }
        try await harness.topic("orders")
        let accept: HTTPFields = [.accept: "text/event-stream", .lastEventID: "00000001:0;end"]
        #expect(await harness.send(.get, path, headers: accept).status == 204)
        #expect(await harness.send(.get, path + "?to=00000001:0&framing=sse", headers: accept).status == 204)
        #expect(await harness.send(.get, path + "?framing=sse").status == 429)
    }

    /// It is another page's id: this one's stream has not ended.
    @Test func theEndOfAnotherTopicIsNone() async throws {
        let harness = try await harness()
        try await harness.topic("others")
        let other = await harness.send(.get, path + "?framing=sse", headers: [.lastEventID: "00000002:0;end"])
        #expect(other.status == 400 && other.code == "invalid-cursor", "\(other.text)")
        await harness.send(.delete, "/v1/topics/orders")
        try await harness.topic("orders")
        let former = await harness.send(.get, path + "?framing=sse", headers: [.lastEventID: "00000001:2;end"])
        #expect(former.status == 410)
        // How far the log goes by now makes no difference.
        let beyond = await harness.send(.get, path + "?framing=sse", headers: [.lastEventID: "00000003:9;end"])
        #expect(beyond.status == 204)
    }

    @Test func aMemberThatIsSentAwayForGoodIsNotTakenAgain() async throws {
        let harness = try await harness()
        let stream = "/v1/groups/g/stream?topics=orders&framing=sse"
        let script: [GroupEvent] = [.goodbye(reason: "fenced", reconnect: false, retryAfterMilliseconds: 0)]
        harness.engine.set { $0.session = ScriptedSession(script, clock: harness.engine.testClock) }
        let events = SSEReader(await harness.send(.get, stream).text).events
        #expect(events.map(\.lastEventID) == ["", ";end"])
        #expect(await harness.send(.get, stream, headers: [.lastEventID: ";end"]).status == 204)
    }
}
