import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct CommitTests {
    private func partition(_ index: Int32) -> TopicPartition {
        TopicPartition(TopicName(internal: "orders"), PartitionIndex(index))
    }

    private func ready(_ outcomes: [CommitItemResult.Outcome]) async -> (Harness, token: String) {
        let harness = Harness()
        let session = ScriptedSession([], clock: harness.engine.testClock)
        harness.engine.set { state in
            state.session = session
            state.commitResults = outcomes.enumerated().map { index, outcome in
                CommitItemResult(partition: partition(Int32(index)), outcome: outcome)
            }
        }
        let stream = await harness.send(.get, "/v1/groups/billing/stream?topics=orders&timeout=1")
        return (harness, stream.headers[.groupSession] ?? "")
    }

    private func commit(_ harness: Harness, _ token: String, _ items: Int) async -> Harness.Answer {
        let offsets = (0..<items).map { "{\"topic\":\"orders\",\"partition\":\($0),\"offset\":95\($0),\"epoch\":17}" }
        return await harness.send(
            .post,
            "/v1/groups/billing/commits",
            "{\"session\":\"\(token)\",\"offsets\":[\(offsets.joined(separator: ","))]}"
        )
    }

    @Test func whatIsInForceIs200() async throws {
        let (harness, token) = await ready([.committed, .outdated(committed: Offset(990))])
        let answer = await commit(harness, token, 2)
        #expect(answer.status == 200)
        #expect(
            try answer.json()
                == JSON(
                    """
                    {"results":[{"topic":"orders","partition":0,"result":"committed"},
                                {"topic":"orders","partition":1,"result":"outdated","committed":990}]}
                    """
                )
        )
        let request = try #require(harness.engine.state.withLock { $0.commits.first })
        #expect(request.member == "m-1")
        #expect(request.items.map(\.offset) == [Offset(950), Offset(951)])
        #expect(request.items.map(\.epoch) == [17, 17])
        #expect(request.items[1].partition == partition(1))
    }

    @Test func mixedIs207WithAProblemAnItem() async throws {
        let (harness, token) = await ready([.committed, .fenced(owner: "m-9", epoch: 18)])
        let answer = await commit(harness, token, 2)
        #expect(answer.status == 207)
        let item = try answer.json()["results"]?[1]
        #expect(item?["result"] == .string("fenced"))
        #expect(item?["problem"]?["owner"] == .string("m-9"))
        #expect(item?["problem"]?["status"] == .integer(409))
    }

    @Test func allFencedIs409WithOwnerAndEpoch() async throws {
        let (harness, token) = await ready([.fenced(owner: "m-9", epoch: 18), .fenced(owner: nil, epoch: 4)])
        let answer = await commit(harness, token, 2)
        #expect(answer.status == 409)
        #expect(answer.code == "fenced")
        let json = try answer.json()
        #expect(json["owner"] == .string("m-9"))
        #expect(json["epoch"] == .integer(18))
        #expect(json["partitions"]?.array.count == 2)
        #expect(json["partitions"]?[1]?["owner"] == .null)
        #expect(json["retryable"] == .bool(false))
    }

    @Test func beyondTheTailAndBeyondDeliveryHaveTheirOwnProblems() async throws {
        let (beyond, token) = await ready([.beyondVisible(visible: Offset(900))])
        let tail = await commit(beyond, token, 1)
        #expect(tail.status == 416)
        #expect(tail.code == "offset-beyond-tail")
        #expect(try tail.json()["tail"] == .integer(900))
        let (ahead, other) = await ready([.beyondDelivery(delivered: Offset(913)), .notShared])
        let mixed = await commit(ahead, other, 2)
        #expect(mixed.status == 207)
        #expect(try mixed.json()["results"]?[0]?["result"] == .string("ahead-of-delivery"))
        #expect(try mixed.json()["results"]?[1]?["result"] == .string("partition-not-shared"))
    }

    @Test func progressAndReleaseAreHandedOnAndTold() async throws {
        let (harness, token) = await ready([])
        harness.engine.set { state in
            state.commitResults = [
                CommitItemResult(partition: partition(1), operation: .progress, outcome: .progressed),
                CommitItemResult(partition: partition(2), operation: .release, outcome: .released),
            ]
        }
        let answer = await harness.send(
            .post,
            "/v1/groups/billing/commits",
            """
            {"session":"\(token)","progress":[{"topic":"orders","partition":1}],
             "release":[{"topic":"orders","partition":2}]}
            """
        )
        #expect(answer.status == 200)
        #expect(
            try answer.json()
                == JSON(
                    """
                    {"results":[{"op":"progress","topic":"orders","partition":1,"result":"progressed"},
                                {"op":"release","topic":"orders","partition":2,"result":"released"}]}
                    """
                )
        )
        let request = try #require(harness.engine.state.withLock { $0.commits.first })
        #expect(request.progress == [partition(1)])
        #expect(request.release == [partition(2)])
    }

    @Test func whatFailedBehindACommitIsToldWithIt() async throws {
        let (harness, token) = await ready([])
        harness.engine.set { state in
            state.commitResults = [
                CommitItemResult(partition: partition(0), outcome: .committed),
                CommitItemResult(
                    partition: partition(1),
                    operation: .release,
                    outcome: .failed,
                    error: .queueFull(retryAfterMilliseconds: 1000)
                ),
            ]
        }
        let answer = await commit(harness, token, 1)
        #expect(answer.status == 207)
        let item = try answer.json()["results"]?[1]
        #expect(item?["op"] == .string("release"))
        #expect(item?["result"] == .string("quota-exceeded"))
        #expect(item?["problem"]?["retryable"] == .bool(true))
    }

    @Test func metadataIsHandedOnAndItsBoundHasItsOwnError() async throws {
        let (harness, token) = await ready([.metadataTooLong(bytesMax: 4096)])
        let answer = await harness.send(
            .post,
            "/v1/groups/billing/commits",
            """
            {"session":"\(token)",
             "offsets":[{"topic":"orders","partition":0,"offset":1,"epoch":1,"metadata":"a \\"note\\""}]}
            """
        )
        #expect(answer.status == 413)
        #expect(answer.code == "metadata-too-large")
        #expect(try answer.json()["maxBytes"] == .integer(4096))
        let request = try #require(harness.engine.state.withLock { $0.commits.first })
        #expect(request.items.map(\.metadata) == ["a \"note\""])
    }

    @Test func anExpiredSessionIs410AndAForgedOne400() async throws {
        let (harness, token) = await ready([.committed])
        harness.engine.set { $0.commitError = .sessionExpired(GroupName(internal: "billing")) }
        let expired = await commit(harness, token, 1)
        #expect(expired.status == 410)
        #expect(expired.code == "session-expired")
        let before = harness.engine.state.withLock { $0.commits.count }
        let forged = await commit(harness, token + "A", 1)
        #expect(forged.status == 400)
        #expect(forged.code == "invalid-session")
        #expect(!forged.text.contains(token))
        #expect(harness.engine.state.withLock { $0.commits.count } == before)
    }

    @Test(arguments: [
        ("{\"offsets\":[{\"topic\":\"a\",\"partition\":0,\"offset\":1,\"epoch\":1}]}", "session is missing"),
        ("{\"session\":5,\"offsets\":[]}", "session is not a string"),
        ("{\"session\":\"x\",\"offsets\":[]}", "from 1 to 1000"),
        ("{\"session\":\"x\",\"offsets\":{}}", "offsets is not an array"),
        ("{\"session\":\"x\",\"offsets\":[{}]}", "offsets[0].topic is missing"),
        ("{\"session\":\"x\",\"offsets\":[{\"topic\":\"..\",\"partition\":0,\"offset\":1,\"epoch\":1}]}", "directory"),
        ("{\"session\":\"x\",\"offsets\":[{\"topic\":\"a\",\"partition\":-1,\"offset\":1,\"epoch\":1}]}", "from 0"),
        ("{\"session\":\"x\",\"offsets\":[{\"topic\":\"a\",\"partition\":0,\"offset\":-1,\"epoch\":1}]}", "from 0"),
        (
            "{\"session\":\"x\",\"offsets\":[{\"topic\":\"a\",\"partition\":0,\"offset\":1}]}",
            "offsets[0].epoch is missing"
        ),
        ("{\"session\":\"x\",\"offsets\":[{\"topic\":\"a\",\"partition\":0,\"ofset\":1}]}", "offsets[0].ofset"),
        ("{\"session\":\"x\",\"commits\":[]}", "known are session, offsets, progress, release"),
        ("{\"session\":\"x\"", "byte 14"),
    ])
    func aWrongCommitIsRefused(body: String, reason: String) async {
        let harness = Harness()
        let answer = await harness.send(.post, "/v1/groups/billing/commits", body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason), "\(answer.detail)")
    }
}
