import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@Suite struct PageTests {
    @Test func aPageHasTheRecordsAndWhereToGoOn() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        await harness.produce(
            "orders",
            """
            {"key":"u1","value":{"total":12},"headers":{"ct":"v2"},"partition":1},
            {"keyBase64":"/w==","valueBase64":"/w==","partition":1},{"value":null,"partition":1}
            """
        )
        let page = try await harness.send(.get, "/v1/topics/orders/records").json()
        #expect(page["caughtUp"] == .bool(true))
        #expect(page["lag"] == .integer(0))
        #expect(page["next"] == .string("00000001:0.3"))
        let records = try #require(page["records"]?.array)
        #expect(
            records == [
                try JSON(
                    """
                    {"topic":"orders","partition":1,"offset":0,"timestamp":"2026-11-21T10:00:00.120Z","key":"u1",
                     "headers":{"ct":"v2"},"value":{"total":12}}
                    """
                ),
                try JSON(
                    """
                    {"topic":"orders","partition":1,"offset":1,"timestamp":"2026-11-21T10:00:00.120Z",
                     "keyBase64":"/w==","valueBase64":"/w=="}
                    """
                ),
                try JSON(
                    """
                    {"topic":"orders","partition":1,"offset":2,"timestamp":"2026-11-21T10:00:00.120Z","key":null,
                     "value":null}
                    """
                ),
            ]
        )
    }

    @Test func anEmptyTopicIsAnEmptyPage() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(.get, "/v1/topics/orders/records")
        #expect(answer.text == "{\"records\":[],\"next\":\"00000001:0\",\"caughtUp\":true,\"lag\":0}")
        #expect(answer.headers[.contentType] == "application/json")
    }

    @Test func pagesFollowOneAnotherByTheCursor() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 3)
        await harness.produce(
            "orders",
            (0..<50).map { "{\"value\":\($0),\"partition\":\($0 % 3)}" }.joined(separator: ",")
        )
        var seen: [Int64] = []
        var next = "earliest"
        var pages = 0
        while pages < 100 {
            let page = try await harness.send(.get, "/v1/topics/orders/records?limit=7&from=\(next)").json()
            seen += page["records"]?.array.compactMap { $0["value"]?.integer } ?? []
            next = try #require(page["next"]?.string)
            pages += 1
            if page["caughtUp"] == .bool(true) { break }
        }
        #expect(pages == 8)
        #expect(seen.sorted() == Array(0..<50))
    }

    @Test func maxBytesBoundsThePageButNeverBelowOneRecord() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", (0..<20).map { "{\"value\":\($0)}" }.joined(separator: ","))
        let one = try await harness.send(.get, "/v1/topics/orders/records?maxBytes=1").json()
        #expect(one["records"]?.array.count == 1)
        #expect(one["next"] == .string("00000001:1"))
        #expect(one["caughtUp"] == .bool(false))
        let some = await harness.send(.get, "/v1/topics/orders/records?maxBytes=500")
        #expect(try some.json()["records"]?.array.count ?? 0 > 2)
        #expect(some.text.utf8.count < 600)
    }

    @Test func theLimitsOfAPageHoldWithoutBeingAsked() async throws {
        let harness = Harness { $0.pageRecordsMax = 5 }
        try await harness.topic("orders")
        await harness.produce("orders", (0..<20).map { "{\"value\":\($0)}" }.joined(separator: ","))
        for query in ["", "?limit=100"] {
            let page = try await harness.send(.get, "/v1/topics/orders/records\(query)").json()
            #expect(page["records"]?.array.count == 5)
        }
    }

    @Test func onePartitionIsReadFromAnOffset() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        await harness.produce("orders", (0..<9).map { "{\"value\":\($0),\"partition\":1}" }.joined(separator: ","))
        let path = "/v1/topics/orders/partitions/1/records"
        let page = try await harness.send(.get, "\(path)?offset=6").json()
        #expect(page["records"]?.array.compactMap { $0["offset"]?.integer } == [6, 7, 8])
        #expect(page["nextOffset"] == .integer(9))
        #expect(page["next"] == .string("00000001:1@9"))
        let rest = try await harness.send(.get, "\(path)?from=00000001:1@8").json()
        #expect(rest["records"]?.array.count == 1)
        #expect(try await harness.send(.get, "\(path)?offset=9").json()["records"]?.array.isEmpty == true)
        #expect(try await harness.send(.get, "\(path)?from=-2").json()["records"]?.array.count == 2)
    }

    @Test func anOffsetOutOfRangeTellsTheBounds() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2}")
        await harness.produce("orders", "{\"value\":3}")
        try await harness.engine.store(topic, 0, [], logStart: 2)
        let path = "/v1/topics/orders/partitions/0/records"
        let beyond = await harness.send(.get, "\(path)?offset=4")
        #expect(beyond.status == 416)
        #expect(beyond.code == "offset-beyond-tail")
        #expect(try beyond.json()["tail"] == .integer(3))
        let below = await harness.send(.get, "\(path)?offset=1")
        #expect(below.status == 410)
        #expect(below.code == "cursor-expired")
        #expect(try below.json()["earliest"] == .integer(2))
        #expect(await harness.send(.get, "/v1/topics/orders/partitions/1/records").code == "partition-not-found")
        for index in ["x", "-0", "%2B0", "99999999999", ""] {
            #expect(await harness.send(.get, "/v1/topics/orders/partitions/\(index)/records").status == 400)
        }
        #expect(await harness.send(.get, "\(path)?offset=-1").status == 400)
        #expect(await harness.send(.get, "\(path)?offset=2&from=earliest").status == 400)
    }

    @Test func severalTopicsAreReadTogether() async throws {
        let harness = Harness()
        try await harness.topic("b", partitions: 2)
        try await harness.topic("a")
        await harness.produce("a", "{\"value\":\"a\"}")
        await harness.produce("b", "{\"value\":\"b\",\"partition\":1}")
        let page = try await harness.send(.get, "/v1/records?topics=b,a").json()
        #expect(page["records"]?.array.compactMap { $0["topic"]?.string } == ["a", "b"])
        #expect(page["next"] == .string("00000002:1,00000001:0.1"))
        let next = try await harness.send(.get, "/v1/records?topics=a,b&from=00000001:0.1,00000002:0").json()
        #expect(next["records"]?.array.compactMap { $0["topic"]?.string } == ["a"])
        for query in ["", "?topics=", "?topics=a,,b", "?topics=a,a", "?topics=a,%2e"] {
            #expect(await harness.send(.get, "/v1/records\(query)").status == 400)
        }
        #expect(await harness.send(.get, "/v1/records?topics=a,c").code == "topic-not-found")
    }

    @Test func tooManyPartitionsHaveTheirOwnError() async throws {
        let harness = Harness { $0.partitionsPerReadMax = 3 }
        try await harness.topic("orders", partitions: 4)
        #expect(await harness.send(.get, "/v1/topics/orders/records").code == "too-many-partitions")
        #expect(await harness.send(.get, "/v1/topics/orders/partitions/3/records").status == 200)
    }

    @Test func aLongPollAnswersOnTheFirstRecord() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        var builder = RecordBatchBuilder()
        builder.append(timestamp: .epoch, key: nil, value: nil)
        let batch = builder.finish()
        harness.engine.set { state in
            state.waits = [
                { engine in
                    engine.set { state in
                        state.topics[topic]?.logs[0].batches = [batch]
                        state.topics[topic]?.logs[0].visible = Offset(1)
                    }
                    return .moved
                }
            ]
        }
        let page = try await harness.send(.get, "/v1/topics/orders/records?wait=30s").json()
        #expect(page["records"]?.array.count == 1)
    }

    @Test(arguments: [("30s", 30_000), ("500ms", 500), ("1m", 60_000), ("2", 2000), ("1h", 60_000)])
    func aLongPollEndsWithAnEmptyPageAndIsCapped(wait: String, milliseconds: Int64) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let start = harness.engine.testClock.now.milliseconds
        let page = try await harness.send(.get, "/v1/topics/orders/records?wait=\(wait)").json()
        #expect(page["records"]?.array.isEmpty == true)
        #expect(harness.engine.testClock.now.milliseconds - start == milliseconds)
    }

    @Test func aLongPollEndsWhenTheBrokerDrains() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.waits = [{ _ in .draining }] }
        let page = await harness.send(.get, "/v1/topics/orders/records?wait=30s")
        #expect(page.status == 200)
        #expect(try page.json()["next"] == .string("00000001:0"))
        harness.engine.set { $0.phase = .draining }
        #expect(await harness.send(.get, "/v1/topics/orders/records?wait=1s").status == 503)
    }

    @Test func aGapIsToldInThePage() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2}")
        await harness.produce("orders", "{\"value\":3}")
        try await harness.engine.store(topic, 0, [], logStart: 2)
        let page = try await harness.send(.get, "/v1/topics/orders/records?from=00000001:0").json()
        #expect(page["records"]?.array.count == 1)
        #expect(
            try page["gaps"]
                == JSON("[{\"topic\":\"orders\",\"partition\":0,\"from\":0,\"to\":2,\"reason\":\"retention\"}]")
        )
        let strict = await harness.send(.get, "/v1/topics/orders/records?from=00000001:0&strict=1")
        #expect(strict.status == 410)
    }

    @Test(arguments: ["json", "ndjson"])
    func aLongPollWhoseOnlyNewsIsAGapIsAnsweredAtOnce(framing: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2}")
        try await harness.engine.store(topic, 0, [], logStart: 2)
        let before = harness.engine.testClock.now
        let query = "from=00000001:0&wait=30s&framing=\(framing)"
        let page = await harness.send(.get, "/v1/topics/orders/records?\(query)")
        #expect(page.status == 200 && page.text.contains("\"reason\":\"retention\""), "\(page.text)")
        #expect(harness.engine.testClock.now == before)
    }

    @Test func aReadThatFailsIsAProblemAndNotAPage() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.readError = .corrupt("segment 0 at byte 7 is damaged") }
        let answer = await harness.send(.get, "/v1/topics/orders/records")
        #expect(answer.status == 500)
        #expect(answer.code == "corrupt")
    }
}
