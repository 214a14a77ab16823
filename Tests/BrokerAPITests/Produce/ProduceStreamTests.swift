import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// Lines for as long as they come, and a receipt for each group of them.
@Suite(.timeLimit(.minutes(1))) struct ProduceStreamTests {
    private func values(_ harness: Harness, _ topic: TopicName) throws -> [String] {
        try harness.engine.records(topic).compactMap(\.valueText)
    }

    /// Waits until so many appends have begun.
    private func appends(_ count: Int, of harness: Harness) async {
        while harness.engine.state.withLock({ $0.appendCalls }) < count { await Task.yield() }
    }

    @Test func receiptsTellLinesAndOffsets() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        try await harness.engine.store(topic, 0, [RecordBatch.json(["0"])])
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"key\":\"a\",\"value\":1}\n{\"value\":2}\n")
        let first = try await produce.line()
        let receipt = try #require(first)
        #expect(receipt["type"]?.string == "receipt")
        #expect(receipt["lines"]?.array == [.integer(1), .integer(2)])
        #expect(receipt["count"]?.integer == 2)
        #expect(receipt["durability"]?.string == "flushed")
        #expect(
            receipt["partitions"]?[0]
                == (try JSON("{\"partition\":0,\"baseOffset\":1,\"endOffset\":3,\"count\":2}"))
        )
        // A blank line is a line, and the last one needs no break.
        await produce.send("\n \r\n{\"value\":")
        await produce.send("3}")
        let last = try await produce.finish()
        #expect(last.map { $0["type"]?.string } == ["receipt", "goodbye"])
        #expect(last[0]["lines"]?.array == [.integer(3), .integer(5)])
        #expect(
            last[1].without("retryAfterMs", "type")
                == (try JSON(
                    "{\"reason\":\"end\",\"reconnect\":false,\"lines\":5,\"count\":3}"
                ))
        )
        #expect(try values(harness, topic) == ["0", "1", "2", "3"])
        #expect(harness.api.openStreams(of: .anonymous) == 0)
    }

    @Test func theAnswerIsOneOfTheDocument() async throws {
        let harness = Harness()
        try await harness.topic("t", partitions: 3)
        let target = "/v1/topics/t/records?stream=1&as=values&key=/id"
        let answer = await harness.send(
            .post,
            target,
            "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":",
            type: "application/jsonl"
        )
        #expect(try answer.lines().map { $0["type"]?.string } == ["receipt", "error", "goodbye"])
        #expect(try answer.lines()[1]["problem"]?["line"]?.integer == 3)
        #expect(await harness.send(.post, target).status == 200)
    }

    @Test func aBodyMayBeCutAnywhere() async throws {
        let body = "{\"value\":\"ä\"}\r\n\n{\"key\":\"k\",\"value\":[1, 2]}\n{\"value\":null}\n{\"value\":4}"
        let bytes = Array(body.utf8)
        let whole = Harness()
        let topic = try await whole.topic("t")
        await whole.produceLines("t", body)
        let expected = try whole.engine.records(topic)
        #expect(expected.count == 4)
        for step in [1, 2, 3, 7, 20] {
            let harness = Harness()
            try await harness.topic("t")
            var produce = try await StreamedProduce(harness)
            for start in stride(from: 0, to: bytes.count, by: step) {
                #expect(await produce.sink.take(.init(bytes: bytes[start..<min(start + step, bytes.count)])))
            }
            let lines = try await produce.finish()
            #expect(lines.last?["lines"]?.integer == 5)
            #expect(try harness.engine.records(topic).map(\.valueText) == expected.map(\.valueText))
            #expect(try harness.engine.records(topic).map(\.keyText) == expected.map(\.keyText))
        }
    }

    @Test func linesGatherWhileAnAppendIsUnderWay() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        let gate = AppendGate()
        harness.engine.set { $0.appendGate = gate }
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":0}\n")
        await appends(1, of: harness)
        for number in 1...9 { await produce.send("{\"value\":\(number)}\n") }
        gate.open()
        let lines = try await produce.finish()
        #expect(
            lines.dropLast().map { $0["lines"] } == [
                .array([.integer(1), .integer(1)]), .array([.integer(2), .integer(10)]),
            ]
        )
        #expect(harness.engine.state.withLock { $0.appendCalls } == 2)
        #expect(try values(harness, topic) == (0...9).map { "\($0)" })
    }

    @Test func groupsAreBoundedAndReadingWaits() async throws {
        let harness = Harness(recordsPerRequestMax: 5) { $0.streamedGroupBytesMax = ByteCount(2000) }
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        let short = (0..<12).map { "{\"value\":\($0)}\n" }
        let long = (12..<20).map { "{\"value\":\"\($0)\(String(repeating: "x", count: 900))\"}\n" }
        #expect(await produce.send((short + long).joined()))
        let lines = try await produce.finish()
        #expect(lines.dropLast().compactMap { $0["count"]?.integer }.reduce(0, +) == 20)
        let groups = harness.engine.state.withLock { $0.appends.map { $0.items.flatMap(\.batches) } }
        #expect(groups.allSatisfy { $0.reduce(0) { $0 + $1.recordCount } <= 5 })
        #expect(groups.allSatisfy { $0.reduce(0) { $0 + $1.encodedBytes.value } <= 2000 })
        #expect(groups.count >= 6)
        #expect(try values(harness, topic).count == 20)
    }

    @Test func aFullGroupHoldsTheReader() async throws {
        let harness = Harness(recordsPerRequestMax: 1)
        try await harness.topic("t")
        let gate = AppendGate()
        harness.engine.set { $0.appendGate = gate }
        var produce = try await StreamedProduce(harness)
        await produce.send("1\n2\n".replacing("1", with: "{\"value\":1}").replacing("2", with: "{\"value\":2}"))
        let third = Task { [produce] in
            var produce = produce
            return await produce.send("{\"value\":3}\n")
        }
        await appends(1, of: harness)
        gate.letOneThrough()
        // Only when the first group is stored the second is appended, and the third line read.
        #expect(await third.value)
        #expect(harness.engine.state.withLock { $0.appends.count } >= 2)
        gate.open()
        #expect(try await produce.finish().last?["count"]?.integer == 3)
    }

    @Test func aBadLineEndsTheStreamBehindThoseBeforeIt() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        let isWanted = await produce.send("{\"value\":1}\n{\"value\":2}\n{\"value\":}\n{\"value\":4}\n")
        #expect(!isWanted)
        let lines = try await produce.rest()
        #expect(lines.map { $0["type"]?.string } == ["receipt", "error", "goodbye"])
        let problem = try #require(lines[1]["problem"])
        #expect(problem["code"]?.string == "invalid-request")
        #expect(problem["line"]?.integer == 3)
        #expect(problem["byteOffset"]?.integer == 33)
        #expect(problem["noSideEffects"] == .bool(false))
        #expect(problem["detail"]?.string?.contains("the lines before it are stored, and none after") == true)
        #expect(lines[2]["reason"]?.string == "error")
        #expect(lines[2]["reconnect"] == .bool(false))
        #expect(lines[2]["lines"]?.integer == 2)
        #expect(try values(harness, topic) == ["1", "2"])
        #expect(await produce.send("{\"value\":5}\n") == false)
    }

    @Test func linesAndRecordsHaveTheirBounds() async throws {
        let harness = Harness {
            $0.streamedLineBytesMax = ByteCount(3000)
            $0.recordBytesMax = ByteCount(1000)
        }
        try await harness.topic("t")
        var long = try await StreamedProduce(harness)
        #expect(await long.send("{\"value\":1}\n  " + String(repeating: " ", count: 2900)))
        #expect(await long.send(String(repeating: " ", count: 200)) == false)
        let refused = try await long.rest()
        #expect(refused[1]["problem"]?["code"]?.string == "line-too-large")
        #expect(refused[1]["problem"]?["line"]?.integer == 2)
        #expect(refused[1]["problem"]?["maxBytes"]?.integer == 3000)
        var large = try await StreamedProduce(harness)
        await large.send("{\"value\":\"\(String(repeating: "x", count: 1200))\"}\n")
        let lines = try await large.rest()
        #expect(lines[0]["problem"]?["code"]?.string == "record-too-large")
        #expect(lines[0]["problem"]?["noSideEffects"] == .bool(true))
        #expect(lines[1]["lines"]?.integer == 0)
    }

    @Test func aRefusedAppendEndsTheStreamAndNothingBehindItIsStored() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        let gate = AppendGate()
        harness.engine.set {
            $0.appendGate = gate
            $0.appendErrors = [.insufficientStorage("full", retryAfterMilliseconds: 5000)]
        }
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n")
        await appends(1, of: harness)
        await produce.send("{\"value\":2}\n")
        gate.open()
        let lines = try await produce.finish()
        #expect(lines.map { $0["type"]?.string } == ["error", "goodbye"])
        #expect(lines[0]["problem"]?["code"]?.string == "insufficient-storage")
        #expect(lines[0]["problem"]?["line"]?.integer == 1)
        #expect(lines[1]["reconnect"] == .bool(true))
        #expect(lines[1]["retryAfterMs"]?.integer == 5000)
        #expect(lines[1]["lines"]?.integer == 0)
        #expect(try values(harness, topic).isEmpty)
    }

    @Test func aFullQueueIsWaitedFor() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        harness.engine.set {
            $0.appendErrors = Array(repeating: .queueFull(retryAfterMilliseconds: 1000), count: 5)
        }
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n")
        #expect(try await produce.finish().map { $0["type"]?.string } == ["receipt", "goodbye"])
        #expect(try values(harness, topic) == ["1"])
        #expect(harness.engine.state.withLock { $0.appendCalls } == 6)
    }

    @Test(arguments: [false, true])
    func aTopicThatIsDeletedEndsTheStream(isCreatedAnew: Bool) async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n")
        #expect(try await produce.line()?["type"]?.string == "receipt")
        await harness.send(.delete, "/v1/topics/t")
        if isCreatedAnew { try await harness.topic("t") }
        await produce.send("{\"value\":2}\n")
        let lines = try await produce.finish()
        #expect(lines.first?["problem"]?["code"]?.string == "topic-not-found")
        #expect(lines.last?["lines"]?.integer == 1)
        #expect(try values(harness, topic).isEmpty)
    }

    @Test func addedPartitionsAreTaken() async throws {
        let harness = Harness()
        try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        await produce.send("{\"value\":1}\n")
        #expect(try await produce.line() != nil)
        await harness.send(.patch, "/v1/topics/t", "{\"partitions\":2}")
        await produce.send("{\"value\":2,\"partition\":1}\n")
        let lines = try await produce.finish()
        #expect(lines[0]["partitions"]?[0]?["partition"]?.integer == 1)
    }

    @Test func receiptsThatNobodyReadsBecomeOne() async throws {
        let harness = Harness { $0.streamedReceiptsMax = 2 }
        let topic = try await harness.topic("t")
        var produce = try await StreamedProduce(harness)
        var appended = 0
        for number in 1...6 {
            await produce.send("{\"value\":\(number)}\n")
            appended += 1
            while harness.engine.state.withLock({ $0.topics[topic]?.logs[0].visible.value ?? 0 }) < appended {
                await Task.yield()
            }
            // Somebody else's record comes in between once.
            if number == 4 {
                try await harness.engine.store(topic, 0, [RecordBatch.json(["0"])])
                appended += 1
            }
        }
        let lines = try await produce.finish()
        #expect(lines.count <= 3)
        #expect(lines[1]["lines"]?.array.last == .integer(6))
        #expect(
            lines[1]["partitions"]?.array.last
                == (try JSON(
                    "{\"partition\":0,\"baseOffset\":5,\"endOffset\":7,\"count\":2}"
                ))
        )
        #expect(lines.dropLast().compactMap { $0["count"]?.integer }.reduce(0, +) == 6)
    }

    @Test func roomIsGivenBackWhenLinesAreStored() async throws {
        let harness = Harness()
        try await harness.topic("t")
        let room = CountedRoom(100)
        var produce = try await StreamedProduce(harness, room: room)
        for _ in 0..<50 { #expect(await produce.send("{\"value\":1}\n")) }
        #expect(await produce.send("{\"val"))
        #expect(try await produce.finish().last?["count"]?.integer == 50)
        #expect(room.held == 0)
        // What only a part of a line takes is not waited for.
        var stuck = try await StreamedProduce(harness, room: room)
        #expect(await stuck.send(String(repeating: " ", count: 90)))
        #expect(await stuck.send(String(repeating: " ", count: 20)) == false)
        let lines = try await stuck.rest()
        #expect(lines.first?["problem"]?["code"]?.string == "too-many-bodies")
        #expect(room.held == 0)
    }

    @Test(arguments: [
        ("?stream=true", ["Producer-Id": "p"], 400), ("?stream=true&expectedOffset=0&partition=0", [:], 400),
        ("?stream=true", ["Content-Encoding": "br"], 415), ("?stream=true", ["Content-Type": "application/json"], 415),
        ("?stream=true", ["Content-Type": "application/x-www-form-urlencoded"], 415),
        ("?stream=true", ["Accept": "text/event-stream"], 406), ("?stream=maybe", [:], 400),
        ("?timeout=1s", [:], 400), ("?stream=true&partition=7", [:], 404), ("?stream=true&key=/a", [:], 400),
    ])
    func whatAStreamDoesNotTakeIsRefused(query: String, fields: [String: String], status: Int) async throws {
        let harness = Harness()
        try await harness.topic("t")
        var headers: HTTPFields = [:]
        for (name, value) in fields { headers[try #require(HTTPField.Name(name))] = value }
        let answer = await harness.send(.post, "/v1/topics/t/records\(query)", headers: headers)
        #expect(answer.status == status, "\(answer.text)")
        #expect(await harness.send(.post, "/v1/topics/none/records?stream=true").status == 404)
        harness.engine.set { $0.phase = .draining }
        #expect(await harness.send(.post, "/v1/topics/t/records?stream=true").status == 503)
    }

    @Test func blankLinesHoldNoRoom() async throws {
        let harness = Harness()
        try await harness.topic("t")
        let room = CountedRoom(100)
        var produce = try await StreamedProduce(harness, room: room)
        for _ in 0..<50 { #expect(await produce.send("\n   \r\n\n\n")) }
        #expect(room.held == 0)
        let lines = try await produce.finish()
        #expect(lines.map { $0["lines"]?.integer } == [200])
    }

    @Test func theTraceGoesWithEachRecord() async throws {
        let harness = Harness()
        let topic = try await harness.topic("t")
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        var headers: HTTPFields = [:]
        headers[try #require(HTTPField.Name("traceparent"))] = trace
        var produce = try await StreamedProduce(harness, headers: headers)
        await produce.send("{\"value\":1}\n")
        _ = try await produce.finish()
        let header = try #require(try harness.engine.records(topic).first?.headers.first)
        #expect(header.value.map { String(buffer: $0) } == trace)
    }
}
