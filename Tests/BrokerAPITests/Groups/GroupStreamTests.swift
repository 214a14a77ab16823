import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct GroupStreamTests {
    private let path = "/v1/groups/billing/stream?topics=orders"
    private let partition = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))

    private func slice(_ values: [String], end: Int64? = nil) -> ReadResult.Slice {
        var builder = RecordBatchBuilder(isJSON: true)
        for value in values {
            let bytes = Array(value.utf8)
            bytes.withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) }
        }
        var batch = builder.finish()
        batch.stamp(baseOffset: Offset(910), leaderEpoch: LeaderEpoch(0))
        // The member was given records up to 912 before: the batch is read again from 913 on.
        return ReadResult.Slice(
            position: 0,
            partition: partition,
            start: Offset(913),
            batches: [batch],
            next: end.map { Offset($0) } ?? batch.nextOffset
        )
    }

    private func script() -> [GroupEvent] {
        [
            .assigned(
                groupEpoch: 42,
                partitions: [AssignedPartition(partition: partition, epoch: 17, start: Offset(913))]
            ),
            .records(slice(["0", "1", "2", "{\"a\":3}", "4"]), epoch: 17),
            .paused(uncommitted: 1000, uncommittedBytes: 64_000), .resumed,
            .leaseWarning(partitions: [partition], remainingMilliseconds: 30_000),
            .gap(ReadResult.Gap(partition: partition, from: Offset(915), to: Offset(920))),
            .revoking(partitions: [partition], deadlineMilliseconds: 30_000),
            .revoked(partitions: [(partition: partition, committed: Offset(915), reason: "moved")]),
            .assigned(groupEpoch: 43, partitions: []),
            .goodbye(reason: "fenced", reconnect: false, retryAfterMilliseconds: 0),
        ]
    }

    private func harness(_ script: [GroupEvent]) -> (Harness, ScriptedSession) {
        let harness = Harness()
        let session = ScriptedSession(script, clock: harness.engine.testClock)
        harness.engine.set { $0.session = session }
        return (harness, session)
    }

    @Test func everythingThatTheGroupSaysComesAsLines() async throws {
        let (harness, session) = harness(script())
        let answer = await harness.send(.get, path)
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/x-ndjson")
        let place = "\"topic\":\"orders\",\"partition\":3"
        let time = "\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"key\":null"
        let token = try #require(answer.headers[.groupSession])
        let expected = [
            "{\"type\":\"joined\",\"member\":\"m-1\",\"groupEpoch\":42,\"session\":\"\(token)\"}",
            "{\"type\":\"assigned\",\"groupEpoch\":42,\"partitions\":[{\(place),\"epoch\":17,\"start\":913}]}",
            "{\"type\":\"record\",\(place),\"offset\":913,\(time),\"value\":{\"a\":3}}",
            "{\"type\":\"record\",\(place),\"offset\":914,\(time),\"value\":4}",
            "{\"type\":\"paused\",\"reason\":\"max-in-flight\",\"uncommitted\":1000,\"uncommittedBytes\":64000}",
            "{\"type\":\"resumed\"}",
            "{\"type\":\"lease-warning\",\"partitions\":[{\(place)}],\"remainingMs\":30000}",
            "{\"type\":\"gap\",\(place),\"from\":915,\"to\":920,\"reason\":\"retention\"}",
            "{\"type\":\"revoking\",\"partitions\":[{\(place)}],\"deadlineMs\":30000}",
            "{\"type\":\"revoked\",\"partitions\":[{\(place),\"committed\":915,\"reason\":\"moved\"}]}",
            "{\"type\":\"assigned\",\"groupEpoch\":43,\"partitions\":[]}",
            "{\"type\":\"goodbye\",\"reason\":\"fenced\",\"reconnect\":false,\"retryAfterMs\":0}",
        ]
        #expect(try answer.lines() == expected.map { try JSON($0) })
        #expect(session.closed.count == 1)
    }

    @Test func theSameComesAsServerSentEvents() async throws {
        let (lines, _) = harness(script())
        let (events, _) = harness(script())
        let ndjson = try await lines.send(.get, path).lines()
        let sse = await events.send(.get, path, headers: [.accept: "text/event-stream"])
        #expect(sse.headers[.contentType] == "text/event-stream")
        let read = SSEReader(sse.text).events
        #expect(read.map(\.type) == ndjson.compactMap { $0["type"]?.string })
        #expect(try read.map { try JSON($0.data) } == ndjson.map { $0.without("type") })
        // Only the goodbye that is for good has one.
        #expect(read.dropLast().allSatisfy { $0.lastEventID.isEmpty })
        #expect(read.last?.lastEventID == ";end")
    }

    @Test func theHeadersNameTheMemberAndItsSession() async throws {
        let (harness, _) = harness(script())
        let answer = await harness.send(.get, path + "&instance=pod-7&maxInFlight=10&from=latest")
        #expect(answer.headers[.groupMember] == "m-1")
        #expect(answer.headers[.groupEpoch] == "42")
        let token = try #require(answer.headers[.groupSession])
        let join = try #require(harness.engine.state.withLock { $0.joins.first })
        #expect(join.instance == "pod-7")
        #expect(join.maxInFlight == 10)
        #expect(join.start == .latest)
        #expect(join.resume == nil)
        _ = await harness.send(.get, "/v1/groups/billing/stream?session=\(token)")
        #expect(harness.engine.state.withLock { $0.joins.last?.resume } == "m-1")
    }

    @Test func aForgedSessionDoesNotReachTheGroup() async throws {
        let (harness, _) = harness(script())
        let token = await harness.send(.get, path).headers[.groupSession] ?? ""
        for (target, principal) in [
            ("/v1/groups/billing/stream?session=\(token)x", Principal.anonymous),
            ("/v1/groups/other/stream?session=\(token)", .anonymous),
            ("/v1/namespaces/team/groups/billing/stream?session=\(token)", .anonymous),
            ("/v1/groups/billing/stream?session=\(token)", Principal(name: "eve")),
        ] {
            let answer = await harness.send(.get, target, principal: principal)
            #expect(answer.status == 400)
            #expect(answer.code == "invalid-session")
            #expect(!answer.text.contains(token))
        }
        #expect(harness.engine.state.withLock { $0.joins.count } == 1)
    }

    @Test(arguments: [
        "?topics=", "?topics=orders&maxInFlight=0", "?topics=orders&from=-5", "?topics=orders&instance=a%2Fb",
        "?topics=orders&limit=5", "?topics=a,a", "?topics=orders&maxInFlight=1000000000",
    ])
    func aWrongJoinIsRefused(query: String) async {
        let (harness, _) = harness(script())
        #expect(await harness.send(.get, "/v1/groups/billing/stream\(query)").status == 400)
    }

    @Test func aGroupHasNoPages() async {
        let (harness, _) = harness(script())
        #expect(await harness.send(.get, path, headers: [.accept: "application/json"]).status == 406)
        #expect(await harness.send(.get, path + "&framing=json").status == 406)
    }

    @Test func refusalsOfTheGroupAreMapped() async {
        let (harness, _) = harness(script())
        let group = GroupName(internal: "billing")
        for (error, status) in [
            (BrokerError.groupTopicsDiffer(group, topics: [TopicName(internal: "orders")]), 409),
            (.sessionExpired(group), 410), (.groupFull(group, max: 1000), 409), (.draining, 503),
            (.topicNotFound(TopicName(internal: "orders")), 404),
        ] {
            harness.engine.set { $0.joinError = error }
            #expect(await harness.send(.get, path).status == status)
        }
    }

    @Test func anIdleMemberHasHeartbeatsAndAnEnd() async throws {
        let (harness, session) = harness([])
        let answer = await harness.send(.get, path + "&timeout=100s&framing=sse")
        let events = SSEReader(answer.text)
        #expect((5...9).contains(events.comments))
        #expect(events.events.map(\.type) == ["joined", "goodbye"])
        #expect(try JSON(events.events[1].data)["reason"] == .string("timeout"))
        #expect(session.closed.count == 1)
    }

    @Test func aClientThatGoesAwayIsDisconnectedAndHasNotLeft() async throws {
        let (harness, session) = harness(script())
        let reply = await harness.reply(.get, path)
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        _ = await stream.next()
        await stream.close()
        guard case .disconnected? = session.closed.first else { return #expect(Bool(false), "\(session.closed)") }
        #expect(await stream.next() == nil)
    }

    @Test func aStreamSaysGoodbyeWhenTheBrokerDrains() async throws {
        let (harness, _) = harness(script())
        let reply = await harness.reply(.get, path)
        guard case .stream(var stream) = reply.body else { return #expect(Bool(false), "not a stream") }
        _ = await stream.next()
        harness.engine.set { $0.phase = .draining }
        let last = try JSON(String(buffer: try #require(await stream.next())))
        #expect(last["reason"] == .string("drain"))
        #expect(await stream.next() == nil)
        await stream.close()
        #expect(await harness.send(.get, path).status == 503)
    }

    @Test func manyRecordsComeInPiecesAndInOrder() async throws {
        let values = (0..<5000).map { "{\"n\":\($0),\"f\":\"\(String(repeating: "x", count: 50))\"}" }
        let (harness, _) = harness([
            .records(slice(values), epoch: 17), .goodbye(reason: "end", reconnect: true, retryAfterMilliseconds: 1),
        ])
        let lines = try await harness.send(.get, path).lines()
        #expect(lines.compactMap { $0["value"]?["n"]?.integer } == Array(3..<5000))
    }

    @Test func aSliceThatEndsWithinABatchGivesNoMoreThanItSays() async throws {
        let values = (0..<10).map { "\($0)" }
        let (harness, _) = harness([
            .records(slice(values, end: 916), epoch: 17),
            .goodbye(reason: "end", reconnect: true, retryAfterMilliseconds: 1),
        ])
        let lines = try await harness.send(.get, path).lines()
        #expect(lines.compactMap { $0["offset"]?.integer } == [913, 914, 915])
    }
}
