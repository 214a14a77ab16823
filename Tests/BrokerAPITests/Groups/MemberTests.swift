import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// Explicit members over HTTP.
@Suite struct MemberTests {
    private let group = GroupName(internal: "billing")
    private let path = "/v1/groups/billing/members"
    private let partition = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))

    /// Joins, and answers the session.
    private func joined(_ harness: Harness) async throws -> String {
        let answer = await harness.send(.post, path, "{\"topics\":[\"orders\"]}")
        #expect(answer.status == 201)
        return try #require(try answer.json()["session"]?.string)
    }

    private func slice(_ values: [String]) -> ReadResult.Slice {
        var builder = RecordBatchBuilder(isJSON: true)
        for value in values {
            Array(value.utf8).withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) }
        }
        var batch = builder.finish()
        batch.stamp(baseOffset: Offset(913), leaderEpoch: LeaderEpoch(0))
        return ReadResult.Slice(
            position: 0,
            partition: partition,
            start: Offset(913),
            batches: [batch],
            next: batch.nextOffset
        )
    }

    @Test func aJoinIsHandedOnAndAnsweredWithASession() async throws {
        let harness = Harness()
        let answer = await harness.send(
            .post,
            path,
            """
            {"topics":["orders"],"instance":"cron-1","from":"latest","commitTimeoutMs":300000,"maxInFlight":10,
             "maxInFlightBytes":4096}
            """
        )
        #expect(answer.status == 201)
        let json = try answer.json()
        #expect(json["member"] == .string("m-1"))
        #expect(json["groupEpoch"] == .integer(42))
        #expect(json["sessionTimeoutMs"] == .integer(10_000))
        let request = try #require(harness.engine.state.withLock { $0.joins.first })
        #expect(request.topics.map(\.name) == ["orders"])
        #expect(request.instance == "cron-1")
        #expect(request.start == .latest)
        #expect(request.commitTimeoutMilliseconds == 300_000)
        #expect(request.maxInFlight == 10)
        #expect(request.maxInFlightBytes == 4096)
        #expect(request.resume == nil)

        // The session brings the member back, in the body or in the header.
        let token = try #require(json["session"]?.string)
        #expect(await harness.send(.post, path, "{\"session\":\"\(token)\"}").status == 201)
        #expect(await harness.send(.post, path, headers: [.groupSession: token]).status == 201)
        #expect(harness.engine.state.withLock { $0.joins.dropFirst().map(\.resume) } == ["m-1", "m-1"])
        #expect(await harness.send(.post, path, "{\"session\":\"x\"}", headers: [.groupSession: token]).status == 400)
    }

    @Test func aPageTellsWhatThereIs() async throws {
        let harness = Harness()
        let token = try await joined(harness)
        let owned = AssignedPartition(partition: partition, epoch: 17, start: Offset(915))
        harness.engine.set { state in
            state.page = MemberPage(
                id: "7f",
                groupEpoch: 43,
                partitions: [owned],
                events: [
                    .assigned(groupEpoch: 43, partitions: [owned]),
                    .leaseWarning(partitions: [partition], remainingMilliseconds: 5),
                    .goodbye(reason: "fenced", reconnect: false, retryAfterMilliseconds: 0),
                ],
                records: [slice(["{\"a\":3}"]), slice(["4", "5"])]
            )
        }
        let answer = await harness.send(
            .get,
            "\(path)/m-1/records?session=\(token)&wait=90s&limit=5&maxBytes=100&after=6e"
        )
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        let place = "\"topic\":\"orders\",\"partition\":3"
        let time = "\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"key\":null"
        #expect(
            try answer.json()
                == JSON(
                    """
                    {"groupEpoch":43,"page":"7f","partitions":[{\(place),"epoch":17,"start":915}],
                     "events":[{"type":"assigned","groupEpoch":43,"partitions":[{\(place),"epoch":17,"start":915}]},
                               {"type":"lease-warning","partitions":[{\(place)}],"remainingMs":5},
                               {"type":"goodbye","reason":"fenced","reconnect":false,"retryAfterMs":0}],
                     "records":[{\(place),"offset":913,\(time),"value":{"a":3}},
                                {\(place),"offset":913,\(time),"value":4},{\(place),"offset":914,\(time),"value":5}]}
                    """
                )
        )
        let poll = try #require(harness.engine.state.withLock { $0.polls.first })
        #expect(poll.identity == MemberIdentity(group: group, member: "m-1", principal: .anonymous))
        #expect(poll.allowance == DeliveryAllowance(records: 5, bytes: 100))
        #expect(poll.after == "6e")
        // More than a minute is taken as a minute.
        #expect(poll.deadline == harness.engine.testClock.now.advanced(byMilliseconds: 60_000))
    }

    @Test func aPageOfNothingHasEmptyLists() async throws {
        let harness = Harness()
        let token = try await joined(harness)
        harness.engine.set { $0.page = MemberPage(id: "1", groupEpoch: 1, partitions: [], events: [], records: []) }
        let answer = await harness.send(.get, "\(path)/m-1/records?limit=5000", headers: [.groupSession: token])
        #expect(
            try answer.json()
                == JSON("{\"groupEpoch\":1,\"page\":\"1\",\"partitions\":[],\"events\":[],\"records\":[]}")
        )
        let poll = try #require(harness.engine.state.withLock { $0.polls.first })
        #expect(poll.allowance.records == 1000)
        #expect(poll.deadline == harness.engine.testClock.now)
        #expect(poll.after == nil)
    }

    @Test func heartbeatAndLeaveTakeTheSessionEitherWay() async throws {
        let harness = Harness()
        let token = try await joined(harness)
        let beat = await harness.send(.post, "\(path)/m-1/heartbeat", "{\"session\":\"\(token)\"}")
        #expect(
            try beat.json()
                == JSON(
                    """
                    {"groupEpoch":42,"sessionTimeoutMs":10000,
                     "partitions":[{"topic":"orders","partition":3,"epoch":17}]}
                    """
                )
        )
        #expect(await harness.send(.post, "\(path)/m-1/heartbeat", headers: [.groupSession: token]).status == 200)
        #expect(await harness.send(.delete, "\(path)/m-1?session=\(token)").status == 204)
        #expect(await harness.send(.delete, "\(path)/m-1", headers: [.groupSession: token]).status == 204)
        #expect(harness.engine.state.withLock { [$0.beats.count, $0.leaves.count] } == [2, 2])
        // A commit takes it from the header, too.
        let commit = "{\"progress\":[{\"topic\":\"orders\",\"partition\":3}]}"
        let commits = "/v1/groups/billing/commits"
        #expect(await harness.send(.post, commits, commit, headers: [.groupSession: token]).status == 200)
    }

    @Test func aSessionOpensOnlyItsOwnMemberGroupAndPrincipal() async throws {
        let harness = Harness()
        let token = try await joined(harness)
        let other = Principal(name: "mallory")
        func refused(_ answer: Harness.Answer) {
            #expect(answer.status == 400)
            #expect(answer.code == "invalid-session")
            #expect(!answer.text.contains(token))
        }
        for member in ["m-1", "m-2"] {
            let principal: Principal = member == "m-1" ? other : .anonymous
            let target = "\(path)/\(member)"
            refused(await harness.send(.get, "\(target)/records?session=\(token)", principal: principal))
            refused(
                await harness.send(.post, "\(target)/heartbeat", "{\"session\":\"\(token)\"}", principal: principal)
            )
            refused(await harness.send(.delete, "\(target)?session=\(token)", principal: principal))
        }
        refused(await harness.send(.post, path, "{\"session\":\"\(token)\"}", principal: other))
        refused(await harness.send(.get, "/v1/groups/billing/stream?session=\(token)", principal: other))
        refused(await harness.send(.get, "/v1/groups/shipping/members/m-1/records?session=\(token)"))
        let body = "{\"session\":\"\(token)\",\"progress\":[{\"topic\":\"orders\",\"partition\":3}]}"
        refused(await harness.send(.post, "/v1/groups/billing/commits", body, principal: other))
        let state = harness.engine.state.withLock {
            [$0.polls.count, $0.beats.count, $0.leaves.count, $0.commits.count]
        }
        #expect(state == [0, 0, 0, 0])
    }

    @Test(arguments: ["/m-1/records", "/m-1/records?wait=soon", "/m-1/records?limit=0", "/m-1/records?watch=true"])
    func aWrongRequestForAPageIsRefused(query: String) async throws {
        let harness = Harness()
        _ = try await joined(harness)
        let answer = await harness.send(.get, path + query)
        #expect(answer.status == 400)
        #expect(harness.engine.state.withLock { $0.polls.isEmpty })
    }

    @Test func refusalsOfTheEngineHaveTheirCodes() async throws {
        let harness = Harness()
        let token = try await joined(harness)
        let cases: [(BrokerError, Int, String)] = [
            (.pollSuperseded(group), 409, "poll-superseded"), (.memberConnected(group), 409, "member-connected"),
            (.sessionExpired(group), 410, "session-expired"), (.groupNotFound(group), 404, "group-not-found"),
        ]
        for (error, status, code) in cases {
            harness.engine.set { $0.groupError = error }
            let answer = await harness.send(.get, "\(path)/m-1/records?session=\(token)")
            #expect(answer.status == status)
            #expect(answer.code == code)
        }
    }
}
