import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct WatchTests {
    private let path = "/v1/topics/orders/records"

    @Test func serverSentEventsBeginAtOnceWithABookmark() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        await harness.produce("orders", "{\"value\":1,\"partition\":1}")
        let reply = await harness.reply(.get, path, headers: [.accept: "text/event-stream"])
        #expect(reply.headers[.contentType] == "text/event-stream")
        #expect(reply.headers[.cacheControl] == "no-cache, no-transform")
        #expect(reply.headers[.accelBuffering] == "no")
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        let first = String(buffer: try #require(await stream.next()))
        #expect(
            first == """
                :ok

                retry: 2000

                event: bookmark
                data: {"cursor":"00000001:0.0","caughtUp":false}
                id: 00000001:0.0


                """
        )
        let second = String(buffer: try #require(await stream.next()))
        #expect(second.hasPrefix("event: record\ndata: {\"topic\":\"orders\",\"partition\":1,\"offset\":0,"))
        #expect(second.hasSuffix("\nid: 00000001:0.1\n\n"))
        await stream.close()
    }

    @Test func onlyTheLastEventOfAFlushHasTheID() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2},{\"value\":3}")
        let text = await harness.send(.get, "\(path)?framing=sse&timeout=1").text
        #expect(
            text.split(separator: "\n").filter { $0.hasPrefix("id:") }.map(String.init) == [
                "id: 00000001:0", "id: 00000001:3", "id: 00000001:3",
            ]
        )
        #expect(SSEReader(text).retry == 2000)
    }

    @Test func anIdleStreamHasHeartbeatsBookmarksAndAnAge() async throws {
        let harness = Harness { $0.streamAgeMax = .seconds(100) }
        try await harness.topic("orders")
        let sse = SSEReader(await harness.send(.get, "\(path)?framing=sse").text)
        #expect((6...12).contains(sse.events.count { $0.type == "bookmark" } + sse.comments))
        #expect(sse.events.count { $0.type == "bookmark" } >= 3)
        let goodbye = try JSON(try #require(sse.events.last).data)
        #expect(goodbye == (try JSON("{\"reason\":\"max-age\",\"reconnect\":true,\"retryAfterMs\":250}")))
        let lines = await harness.send(.get, "\(path)?watch=true").text
        #expect(lines.contains("\n\n"))
        #expect(lines.split(separator: "\n").last?.contains("max-age") == true)
    }

    @Test func aStreamEndsAtItsTimeoutAndItsLimit() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2},{\"value\":3}")
        let timeout = try await harness.send(.get, "\(path)?watch=true&timeout=5s").lines()
        #expect(timeout.last?["reason"] == .string("timeout"))
        #expect(timeout.last?["reconnect"] == .bool(true))
        let limit = try await harness.send(.get, "\(path)?watch=true&limit=2").lines()
        #expect(limit.filter { $0["type"] == .string("record") }.count == 2)
        #expect(limit.dropLast().last?["cursor"] == .string("00000001:2"))
        #expect(limit.last?["reason"] == .string("limit"))
        let page = try await harness.send(.get, path, headers: [.accept: "application/x-ndjson"]).lines()
        #expect(page.last?["reason"] == .string("end"))
        #expect(page.dropLast().last?["caughtUp"] == .bool(true))
    }

    @Test func aStreamSaysGoodbyeWhenTheBrokerDrains() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.waits = [{ _ in .draining }] }
        let lines = try await harness.send(.get, "\(path)?watch=true").lines()
        #expect(lines.last?["reason"] == .string("drain"))
        #expect(lines.last?["reconnect"] == .bool(true))
        harness.engine.set { $0.phase = .draining }
        let refused = await harness.send(.get, "\(path)?watch=true")
        #expect(refused.status == 503)
        #expect(refused.headers[.retryAfter] == "1")
    }

    @Test func aStreamThatIsReadingNoticesADrainToo() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", (0..<5000).map { "{\"value\":\($0)}" }.joined(separator: ","))
        let reply = await harness.reply(.get, "\(path)?framing=sse")
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        _ = await stream.next()
        _ = await stream.next()
        harness.engine.set { $0.phase = .draining }
        let last = String(buffer: try #require(await stream.next()))
        #expect(last.contains("\"reason\":\"drain\""))
        #expect(await stream.next() == nil)
        await stream.close()
    }

    @Test func aWaitThatIsCancelledEndsTheStreamSilently() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.waits = [{ _ in .cancelled }] }
        let lines = try await harness.send(.get, "\(path)?watch=true").lines()
        #expect(lines.allSatisfy { $0["type"] == .string("bookmark") })
    }

    @Test func anErrorInMidStreamIsAnEventAndThenGoodbye() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { state in
            state.waits = [
                { engine in
                    engine.set { $0.readError = .topicNotFound(TopicName(internal: "orders")) }
                    return .moved
                }
            ]
        }
        let events = SSEReader(await harness.send(.get, "\(path)?framing=sse").text).events
        #expect(events.map(\.type) == ["bookmark", "error", "goodbye"])
        #expect(try JSON(events[1].data)["problem"]?["code"] == .string("topic-not-found"))
    }

    @Test func aReadThatFailsForAMomentIsTriedAgain() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1}")
        harness.engine.set { state in
            state.readError = .storageRefused("no descriptor is free")
            state.waits = [
                { _ in .timedOut },
                { engine in
                    engine.set { $0.readError = nil }
                    return .timedOut
                },
            ]
        }
        let lines = try await harness.send(.get, "\(path)?watch=true&from=earliest&timeout=5s").lines()
        #expect(lines.filter { $0["type"] == .string("record") }.count == 1)
        #expect(lines.last?["reason"] == .string("timeout"), "\(lines)")

        harness.engine.set { $0.readError = .storageRefused("no descriptor is free") }
        let before = harness.engine.clock.now
        let given = try await harness.send(.get, "\(path)?watch=true&from=earliest").lines()
        #expect(given.last?["reason"] == .string("error") && given.last?["reconnect"] == .bool(true), "\(given)")
        // 100 ms, and each time twice as long.
        #expect(harness.engine.clock.now == before.advanced(byMilliseconds: 6300))
        // A drain does not wait for that, and a page waits for nothing.
        harness.engine.set { $0.waits = [{ _ in .draining }] }
        let now = harness.engine.clock.now
        _ = await harness.send(.get, "\(path)?watch=true&from=earliest")
        #expect(await harness.send(.get, "\(path)?from=earliest").code == "storage-stalled")
        #expect(harness.engine.clock.now == now)
    }

    @Test func anExpiredLastEventIDIsAGapAndStrictIsAnError() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1}")
        await harness.produce("orders", "{\"value\":2}")
        try await harness.engine.store(topic, 0, [], logStart: 1)
        let headers: HTTPFields = [.accept: "text/event-stream", .lastEventID: "00000001:0"]
        let sse = await harness.send(.get, "\(path)?timeout=1", headers: headers)
        #expect(sse.status == 200)
        let events = SSEReader(sse.text).events
        #expect(events.map(\.type).prefix(3) == ["bookmark", "gap", "record"])
        #expect(await harness.send(.get, "\(path)?strict=1", headers: headers).status == 410)
    }

    @Test func whoeverIsSlowIsToldWhereToGoOnBehindWhatWaitsForHim() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let value = String(repeating: "y", count: 300_000)
        await harness.produce("orders", "{\"value\":\"\(value)\"},{\"value\":2}")
        let reply = await harness.reply(.get, "\(path)?framing=sse")
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        #expect(stream.stallMax == .seconds(60))
        var text = String(buffer: try #require(await stream.next()))
        // Within a record that is larger than a piece.
        text += String(buffer: try #require(await stream.next()))
        let (farewell, another) = (stream.leave(.slow), stream.leave(.slow))
        text += String(buffer: try #require(farewell))
        #expect(another == nil)
        #expect(await stream.next() == nil)
        await stream.close()
        let events = SSEReader(text).events
        #expect(events.map(\.type) == ["bookmark", "record", "bookmark", "goodbye"])
        #expect(events.last?.lastEventID == "00000001:1")
        #expect(try JSON(try #require(events.last).data)["reason"] == .string("slow"))
    }

    /// What was read and waits is let go for a client that does not take it, and read again when it does.
    @Test(arguments: ["sse", "ndjson"]) func whatIsShedIsReadAgain(framing: String) async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        let filler = String(repeating: "x", count: 300)
        let records = (0..<2000).map { "{\"value\":{\"n\":\($0),\"f\":\"\(filler)\"},\"partition\":\($0 % 2)}" }
        await harness.produce("orders", records.joined(separator: ","))
        let target = "\(path)?framing=\(framing)&watch=true&timeout=1"
        var texts: [String] = []
        for sheds in [false, true] {
            let reply = await harness.reply(.get, target)
            guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
            var text = ""
            while let piece = await stream.next() {
                text += String(buffer: piece)
                if sheds { stream.shed() }
            }
            await stream.close()
            texts.append(text)
        }
        for partition in 0..<2 {
            let mark = "\"partition\":\(partition),\"offset\""
            #expect(texts[0].ranges(of: mark).count == 1000 && texts[1].ranges(of: mark).count == 1000)
        }
    }

    @Test func aStreamThatHasSaidGoodbyeSaysNothingMore() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let reply = await harness.reply(.get, "\(path)?watch=true&timeout=1")
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        while await stream.next() != nil {}
        let farewell = stream.leave(.halfClosed)
        #expect(farewell == nil)
        await stream.close()
    }

    @Test func streamsOfAPrincipalAreBounded() async throws {
        let harness = Harness { $0.streamsPerPrincipalMax = 2 }
        try await harness.topic("orders")
        harness.engine.set { $0.session = ScriptedSession([], clock: harness.engine.testClock) }
        let watch = await harness.reply(.get, "\(path)?watch=true")
        let member = await harness.reply(.get, "/v1/groups/g/stream?topics=orders")
        guard case .stream(var first) = watch.body, case .stream(var second) = member.body else {
            return #expect(Bool(false), "not streams")
        }
        #expect(second.stallMax == .seconds(900))
        for target in ["\(path)?watch=true", "\(path)?framing=sse", "/v1/groups/g/stream?topics=orders"] {
            let refused = await harness.send(.get, target)
            #expect(refused.status == 429 && refused.code == "too-many-streams")
            #expect(refused.headers[.retryAfter] == "5")
        }
        // Pages are no streams, and others have places of their own.
        #expect(await harness.send(.get, path).status == 200)
        let other = await harness.send(.get, "\(path)?watch=true&timeout=1", principal: Principal(name: "other"))
        #expect(other.status == 200)
        await first.close()
        #expect(harness.api.openStreams(of: .anonymous) == 1)
        #expect(await harness.send(.get, "\(path)?watch=true&timeout=1").status == 200)
        await second.close()
        await second.close()
        #expect(harness.api.openStreams(of: .anonymous) == 0)
    }

    @Test func aRefusedStreamTakesNoPlace() async throws {
        let harness = Harness { $0.streamsPerPrincipalMax = 1 }
        for _ in 0..<3 { #expect(await harness.send(.get, "/v1/topics/none/records?watch=true").status == 404) }
        #expect(await harness.send(.get, "/v1/groups/g/stream?topics=none").status == 404)
        #expect(harness.api.openStreams(of: .anonymous) == 0)
    }

    @Test func aPollWhoseClientGoesHasAPage() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.waits = [{ _ in .cancelled }] }
        let answer = await harness.send(.get, "\(path)?wait=30s")
        #expect(answer.text == #"{"records":[],"next":"00000001:0","caughtUp":true,"lag":0}"#)
    }

    @Test func piecesAreSmallAndEachResumesWhereItEnds() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        let filler = String(repeating: "x", count: 300)
        await harness.produce(
            "orders",
            (0..<2000).map { "{\"value\":{\"n\":\($0),\"f\":\"\(filler)\"},\"partition\":\($0 % 2)}" }
                .joined(separator: ",")
        )
        let reply = await harness.reply(.get, "\(path)?framing=sse&timeout=1")
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        var text = ""
        while let piece = await stream.next() {
            #expect(piece.readableBytes <= 64 * 1024)
            text += String(buffer: piece)
        }
        await stream.close()
        let events = SSEReader(text).events
        #expect(events.filter { $0.type == "record" }.count == 2000)
        // Wherever the connection drops after a flush, reading on from its id gives exactly the rest.
        let ids = events.enumerated().filter {
            $0.offset > 0 && $0.element.lastEventID != events[$0.offset - 1].lastEventID
        }
        #expect(ids.count > 8)
        for (index, event) in ids.prefix(3) {
            let seen = events[...index].filter { $0.type == "record" }.count
            let query = "limit=2000&from=\(event.lastEventID)&framing=ndjson"
            let rest = try await harness.send(.get, "\(path)?watch=true&timeout=1&\(query)").lines()
            #expect(rest.filter { $0["type"] == .string("record") }.count == 2000 - seen)
        }
    }

    @Test func aLargeRecordComesInSeveralPieces() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let value = String(repeating: "y", count: 300_000)
        #expect(await harness.produce("orders", "{\"value\":\"\(value)\"}").status == 200)
        let answer = await harness.send(.get, "\(path)?framing=sse&timeout=1")
        let record = try #require(SSEReader(answer.text).events.first { $0.type == "record" })
        #expect(try JSON(record.data)["value"] == .string(value))
    }

    @Test func aLongCursorGoesOutOnlyNowAndThen() async throws {
        let harness = Harness { $0.cursorBytesPerFlushMax = ByteCount(5) }
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1}")
        let events = SSEReader(await harness.send(.get, "\(path)?framing=sse&timeout=1").text).events
        // The first records bring it at once: whoever always drops early comes further all the same.
        #expect(events.map(\.type) == ["bookmark", "record", "bookmark", "goodbye"])
        #expect(events.map(\.lastEventID) == ["00000001:0", "00000001:1", "00000001:1", "00000001:1"])
    }
}
