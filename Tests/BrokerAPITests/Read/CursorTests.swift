import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct CursorTests {
    @Test(arguments: ["0badcafe:1.2.3", "0badcafe:0", "0badcafe:1.2,00000001:5", "0badcafe:3@912"])
    func aCursorIsReadAsItWasWritten(text: String) throws {
        let elements = try #require(CursorText.parse(text))
        let written = elements.map { element in
            switch element.offsets {
            case .all(let offsets): "\(element.tag):" + offsets.map(\.description).joined(separator: ".")
            case .one(let partition, let offset): "\(element.tag):\(partition)@\(offset)"
            }
        }
        #expect(written.joined(separator: ",") == text)
    }

    @Test(arguments: [
        "", "x", "0badcafe", "0badcafe:", "0badcafe:1..2", "0badcafe:-1", "0badcafe:+1", "0BADCAFE:1", "badcafe:1",
        "0badcafe:1:2", "0badcafe:9223372036854775808", "0badcafe:1,", "0badcafe:a@1", "0badcafe:1@2@3",
        "0badcafe:1 ", "0badcafe:99999999999@1",
    ])
    func garbageIsNoCursor(text: String) async throws {
        #expect(CursorText.parse(text) == nil)
        guard !text.isEmpty else { return }
        let harness = Harness()
        try await harness.topic("orders")
        let encoded = text.replacing(" ", with: "%20").replacing("+", with: "%2B")
        let answer = await harness.send(.get, "/v1/topics/orders/records?from=\(encoded)")
        #expect(answer.status == 400)
        #expect(answer.code == "invalid-cursor")
    }

    @Test func positionsAreNamedFromTheEndsOfTheLog() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        await harness.produce("orders", (0..<6).map { "{\"value\":\($0),\"partition\":0}" }.joined(separator: ","))
        func count(_ from: String) async throws -> Int? {
            try await harness.send(.get, "/v1/topics/orders/records?from=\(from)").json()["records"]?.array.count
        }
        #expect(try await count("earliest") == 6)
        #expect(try await count("latest") == 0)
        #expect(try await count("-2") == 2)
        #expect(try await count("-100") == 6)
        #expect(try await count("00000001:5") == 1)
        #expect(await harness.send(.get, "/v1/topics/orders/records?from=-x").code == "invalid-cursor")
    }

    @Test func aTimeIsLookedUpInEachPartition() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        for second in 0..<5 {
            await harness.produce("orders", "{\"value\":1,\"timestamp\":\"2026-11-21T10:00:0\(second)Z\"}")
        }
        func first(_ from: String) async throws -> JSON? {
            let page = try await harness.send(.get, "/v1/topics/orders/records?from=\(from)").json()
            return page["records"]?.array.first?["offset"]
        }
        #expect(try await first("2026-11-21T09:00:00Z") == .integer(0))
        #expect(try await first("2026-11-21T10:00:03Z") == .integer(3))
        #expect(try await first("2026-11-21T11:00:02.001%2B01:00") == .integer(3))
        #expect(try await first("2026-11-21T10:00:05Z") == nil)
    }

    @Test(arguments: ["2026-11-21T10:00:00", "2026-13-21T10:00:00Z", "2026-11-21T10:00:00+01:00", "2026-11-21T"])
    func aTimeThatIsNoneIsRefused(from: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        for path in ["/v1/topics/orders/records?from=", "/v1/groups/g/stream?topics=orders&from="] {
            let answer = await harness.send(.get, path + from)
            #expect(answer.status == 400)
            #expect(answer.detail.contains("RFC 3339"))
        }
    }

    @Test func aCursorOfAnotherTopicIsRefused() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        try await harness.topic("payments")
        let answer = await harness.send(.get, "/v1/topics/payments/records?from=00000001:0")
        #expect(answer.status == 400)
        #expect(answer.code == "invalid-cursor")
        #expect(answer.detail.contains("belongs to the topic orders"))
        let extra = await harness.send(.get, "/v1/topics/orders/records?from=00000001:0,00000002:0")
        #expect(extra.code == "invalid-cursor")
    }

    @Test func aCursorOfARecreatedTopicIsGone() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.send(.delete, "/v1/topics/orders")
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?from=00000001:0")
        #expect(answer.status == 410)
        #expect(answer.code == "cursor-epoch-changed")
    }

    @Test func aCursorBeyondTheEndOrOfOtherPartitionsIsRefused() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        let beyond = await harness.send(.get, "/v1/topics/orders/records?from=00000001:0.1")
        #expect(beyond.status == 416)
        #expect(await harness.send(.get, "/v1/topics/orders/records?from=00000001:0.0.0").code == "invalid-cursor")
        #expect(await harness.send(.get, "/v1/topics/orders/records?from=00000001:1@0").code == "invalid-cursor")
        let path = "/v1/topics/orders/partitions/0/records"
        #expect(await harness.send(.get, "\(path)?from=00000001:1@0").code == "invalid-cursor")
        #expect(await harness.send(.get, "\(path)?from=00000001:0.0").status == 200)
    }

    @Test func aCursorThatIsTooLongIsRefused() async throws {
        let harness = Harness { $0.cursorLengthMax = ByteCount(20) }
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?from=00000001:00000000000000000000000")
        #expect(answer.code == "invalid-cursor")
    }

    @Test(arguments: ["x", "latest", "2026-11-21T10:00:00Z", "-3", "00000001:1.1"])
    func aLastEventIDThatIsNoneIsNamedSo(id: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?framing=sse", headers: [.lastEventID: id])
        #expect(answer.status == 400 && answer.code == "invalid-cursor", "\(answer.text)")
        #expect(!answer.detail.contains("from is"), "\(answer.detail)")
        if !id.contains(".") { #expect(answer.detail.hasPrefix("Last-Event-ID is the id of an event")) }
    }

    @Test func aCursorThatNamesATopicTwiceIsToldSo() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records?from=00000001:0,00000001:0")
        #expect(answer.code == "invalid-cursor")
        #expect(answer.detail.contains("names the topic orders twice"), "\(answer.detail)")
    }

    @Test func theLastEventIDWinsOverFrom() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2}")
        let page = await harness.send(
            .get,
            "/v1/topics/orders/records?from=earliest",
            headers: [.lastEventID: "00000001:1"]
        )
        #expect(try page.json()["records"]?.array.count == 1)
    }
}
