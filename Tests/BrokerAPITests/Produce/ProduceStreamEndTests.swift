import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// How a streamed body ends when nothing is wrong with its lines.
@Suite(.timeLimit(.minutes(1))) struct ProduceStreamEndTests {
    private func values(_ harness: Harness, _ topic: TopicName) throws -> [String] {
        try harness.engine.records(topic).compactMap(\.valueText)
    }

    @Test func aDrainTellsWhereToGoOn() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n{\"value\":2}\n{\"val")
        harness.engine.set { $0.phase = .draining }
        let lines = try await produce.rest()
        #expect(lines.map { $0["type"]?.string } == ["receipt", "goodbye"])
        #expect(lines[1]["reason"]?.string == "drain")
        #expect(lines[1]["reconnect"] == .bool(true))
        #expect(lines[1]["lines"]?.integer == 2)
        #expect(await produce.send("ue\":3}\n") == false)
        #expect(try values(harness, topic) == ["1", "2"])
    }

    @Test func aClientThatBringsNothingIsEnded() async throws {
        let harness = Harness()
        try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        // The clock of the engine in memory moves when there is nothing but it to wait for.
        let lines = try await produce.rest()
        #expect(lines.map { $0["type"]?.string } == ["error", "goodbye"])
        #expect(lines[0]["problem"]?["code"]?.string == "stream-idle")
        #expect(lines[0]["problem"]?["status"]?.integer == 408)
        #expect(lines[1]["reconnect"] == .bool(true))
        #expect(harness.engine.clock.now.milliseconds == 1_000_000 + 900_000)
    }

    @Test func timeoutEndsTheStream() async throws {
        let harness = Harness()
        try await harness.topic("t")
        var produce = try await StreamedProduce(harness, "/v1/topics/t/records?stream=true&timeout=40s")
        var text = ""
        while let piece = await produce.stream.next() { text += String(buffer: piece) }
        #expect(text.hasPrefix("\n\n"))
        #expect(text.contains("\"reason\":\"timeout\""))
        #expect(harness.engine.clock.now.milliseconds == 1_000_000 + 40_000)
        await produce.stream.close()
    }

    @Test func aBodyThatBreaksOffHasNoLastLine() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n{\"value\":2}")
        let lines = try await produce.finish(isWhole: false)
        #expect(lines.last?["reason"]?.string == "half-closed")
        #expect(lines.last?["lines"]?.integer == 1)
        #expect(try values(harness, topic) == ["1"])
    }

    @Test func aClientThatTakesNothingIsToldWhatIsStored() async throws {
        let harness = Harness()
        try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n")
        #expect(try await produce.line() != nil)
        #expect(produce.stream.isHeard)
        harness.engine.testClock.advance(byMilliseconds: 60_000)
        #expect(!produce.stream.isHeard)
        let goodbye = produce.stream.leave(.slow)
        let last = try #require(goodbye)
        #expect(
            String(buffer: last).contains("\"reason\":\"slow\",\"reconnect\":true,\"retryAfterMs\":250,\"lines\":1")
        )
        #expect(await produce.send("{\"value\":2}\n") == false)
        #expect(await produce.stream.next() == nil)
        await produce.stream.close()
    }
}
