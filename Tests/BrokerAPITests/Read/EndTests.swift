import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// `to=`: where a read ends.
@Suite struct EndTests {
    private let path = "/v1/topics/orders/records"

    /// Partition 0 has the offsets 0 to 4, a second apart, partition 1 has 0 and 1.
    private func harness() async throws -> Harness {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        for second in 0..<5 {
            let time = "\"timestamp\":\"2026-11-21T10:00:0\(second)Z\""
            await harness.produce("orders", "{\"value\":\(second),\"partition\":0,\(time)}")
        }
        await harness.produce("orders", "{\"value\":10,\"partition\":1},{\"value\":11,\"partition\":1}")
        return harness
    }

    private func values(_ records: [JSON]) -> [Int64] { records.compactMap { $0["value"]?.integer }.sorted() }

    @Test(
        arguments: [
            ("00000001:3.1", [0, 1, 2, 10], "3.1"), ("00000001:2", [0, 1], "2.0"),
            ("latest", [0, 1, 2, 3, 4, 10, 11], "5.2"),
            ("-1", [0, 1, 2, 3, 10], "4.1"), ("2026-11-21T10:00:02Z", [0, 1, 10, 11], "2.2"),
            ("00000001:0.0", [], "0.0"),
            ("00000001:3.1;end", [0, 1, 2, 10], "3.1"),
        ] as [(String, [Int64], String)]
    )
    func aPageEndsThere(_ to: String, _ expected: [Int64], _ next: String) async throws {
        let page = try await harness().send(.get, "\(path)?to=\(to)").json()
        #expect(values(page["records"]?.array ?? []) == expected)
        #expect(page["next"] == .string("00000001:\(next)"))
        #expect(page["caughtUp"] == .bool(true))
        #expect(page["end"] == .bool(true))
        #expect(page["lag"] == .integer(0))
    }

    @Test func aPageBeforeTheEndSaysThatItIsNotThere() async throws {
        let page = try await harness().send(.get, "\(path)?to=latest&limit=3").json()
        #expect(page["end"] == .bool(false))
        #expect(page["caughtUp"] == .bool(false))
        let ahead = try await harness().send(.get, "\(path)?to=00000001:9.2").json()
        #expect(ahead["records"]?.array.count == 7)
        #expect(ahead["end"] == .bool(false))
        #expect(ahead["caughtUp"] == .bool(true))
        #expect(try await harness().send(.get, path).json()["end"] == nil)
    }

    @Test func onePartitionEndsAtAnOffset() async throws {
        let harness = try await harness()
        let one = "/v1/topics/orders/partitions/0/records"
        for to in ["3", "00000001:0@3", "00000001:3.1"] {
            let page = try await harness.send(.get, "\(one)?offset=1&to=\(to)").json()
            #expect(values(page["records"]?.array ?? []) == [1, 2])
            #expect(page["nextOffset"] == .integer(3))
            #expect(page["end"] == .bool(true))
        }
        #expect(await harness.send(.get, "\(path)?to=3").code == "invalid-cursor")
    }

    @Test(arguments: ["", "x", "earliest", "-x", "00000001:0.0.0", "00000009:0", "3.5"])
    func whatIsNoEndIsRefused(_ to: String) async throws {
        let answer = try await harness().send(.get, "\(path)?to=\(to)")
        #expect([400, 410].contains(answer.status), "\(answer.detail)")
        #expect(await Harness().send(.get, "\(path)?to=2026-99-21T10:00:02Z").status == 404)
        let time = try await harness().send(.get, "\(path)?to=2026-99-21T10:00:02Z")
        #expect(time.detail.hasPrefix("to is not a time"))
    }

    @Test func aReadFromBeyondItsEndIsEmptyAndSaysSo() async throws {
        let harness = try await harness()
        let page = try await harness.send(.get, "\(path)?from=00000001:4.2&to=00000001:3.1").json()
        #expect(page["records"]?.array.isEmpty == true)
        #expect(page["next"] == .string("00000001:4.2"))
        #expect(page["end"] == .bool(true))
        let watch = await harness.send(.get, "\(path)?from=00000001:4.2&to=00000001:3.1&watch=true")
        #expect(try watch.lines().map { $0["type"]?.string } == ["bookmark", "bookmark", "goodbye"])
        #expect(try watch.lines().last?["reason"] == .string("end"))
        let waiting = await harness.send(.get, "\(path)?from=latest&to=latest&wait=30s")
        #expect(try waiting.json()["end"] == .bool(true))
    }

    @Test func aWatchEndsThereInEveryFraming() async throws {
        let harness = try await harness()
        let query = "?to=00000001:3.1"
        let ndjson = try await harness.send(.get, "\(path)\(query)&watch=true").lines()
        #expect(values(ndjson) == [0, 1, 2, 10])
        #expect(ndjson.suffix(2).map { $0["type"]?.string } == ["bookmark", "goodbye"])
        #expect(ndjson.suffix(2).first?["cursor"] == .string("00000001:3.1"))
        #expect(ndjson.last?["reason"] == .string("end") && ndjson.last?["reconnect"] == .bool(false))
        let page = try await harness.send(.get, "\(path)\(query)&framing=ndjson").lines()
        #expect(values(page) == [0, 1, 2, 10])
        let sse = SSEReader(await harness.send(.get, "\(path)\(query)&framing=sse").text).events
        #expect(try values(sse.filter { $0.type == "record" }.map { try JSON($0.data) }) == [0, 1, 2, 10])
        #expect(sse.last?.type == "goodbye")
        #expect(sse.last?.lastEventID == "00000001:3.1;end")
    }

    @Test func aWatchWaitsForAnEndThatIsYetToCome() async throws {
        let harness = try await harness()
        let target = TopicPartition(try TopicName(validating: "orders"), PartitionIndex(1))
        harness.engine.set {
            $0.waits = [
                { engine in
                    // Only the partition that is not at its end is waited for.
                    engine.set { state in
                        var builder = RecordBatchBuilder(isJSON: true)
                        for value in ["12", "13"] {
                            Array(value.utf8).withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) }
                        }
                        var batch = builder.finish()
                        batch.stamp(baseOffset: Offset(2), leaderEpoch: LeaderEpoch(0))
                        state.topics[target.topic]?.logs[1].batches.append(batch)
                        state.topics[target.topic]?.logs[1].visible = batch.nextOffset
                    }
                    return .moved
                }
            ]
        }
        let lines = try await harness.send(.get, "\(path)?from=latest&to=00000001:5.3&watch=true").lines()
        #expect(values(lines) == [12])
        #expect(lines.last?["reason"] == .string("end"))
        #expect(lines.contains { $0["cursor"] == .string("00000001:5.3") })
    }

    @Test func aCursorOfSeveralTopicsOfWhichOneIsNewIsGone() async throws {
        let harness = Harness()
        try await harness.topic("a")
        try await harness.topic("b")
        let cursor = try await harness.send(.get, "/v1/records?topics=a,b").json()["next"]?.string
        #expect(cursor == "00000001:0,00000002:0")
        await harness.send(.delete, "/v1/topics/b")
        try await harness.topic("b")
        for name in ["from", "to"] {
            let answer = await harness.send(.get, "/v1/records?topics=a,b&\(name)=00000001:0,00000002:0")
            #expect(answer.status == 410)
            #expect(answer.code == "cursor-epoch-changed")
            #expect(await harness.send(.get, "/v1/records?topics=a,b&\(name)=00000001:0").code == "invalid-cursor")
        }
        try await harness.topic("c")
        let other = await harness.send(.get, "/v1/records?topics=a,b&from=00000001:0,00000004:0")
        #expect(other.code == "invalid-cursor")
        #expect(other.detail.contains("belongs to the topic c"))
    }
}
