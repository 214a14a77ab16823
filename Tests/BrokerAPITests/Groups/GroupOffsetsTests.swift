import BrokerCore
import RecordFormat
import Testing

@Suite struct GroupOffsetsTests {
    private let path = "/v1/groups/billing/offsets"

    private func partition(_ index: Int32) -> TopicPartition {
        TopicPartition(TopicName(internal: "orders"), PartitionIndex(index))
    }

    @Test func aResetIsHandedOnAndItsResultTold() async throws {
        let harness = Harness()
        harness.engine.set { state in
            state.resetResults = [
                GroupResetResult(partition: partition(0), committed: Offset(9), to: Offset(4), owner: "m-1"),
                GroupResetResult(partition: partition(1), committed: nil, to: nil, owner: nil),
            ]
        }
        let answer = await harness.send(
            .patch,
            path,
            "{\"to\":\"-5\",\"topics\":[\"orders\"],\"partitions\":[{\"topic\":\"a\",\"partition\":1}],\"dryRun\":true}"
        )
        #expect(answer.status == 200)
        #expect(
            try answer.json()
                == JSON(
                    """
                    {"group":"billing","dryRun":true,"partitions":[
                      {"topic":"orders","partition":0,"committed":9,"to":4,"owner":"m-1"},
                      {"topic":"orders","partition":1,"committed":null,"to":null,"owner":null}]}
                    """
                )
        )
        let request = try #require(harness.engine.state.withLock { $0.resets.first })
        #expect(request.position == .beforeEnd(5))
        #expect(request.topics.map(\.name) == ["orders"])
        #expect(request.partitions.map(\.partition.value) == [1])
        #expect(request.isDryRun)
    }

    @Test(arguments: [
        ("\"earliest\"", StartPosition.earliest), ("\"latest\"", .latest), ("\"-3\"", .beforeEnd(3)),
        ("-3", .beforeEnd(3)), ("\"42\"", .offset(Offset(42))), ("42", .offset(Offset(42))),
        ("\"-0\"", .beforeEnd(0)), ("\"1970-01-01T00:00:00Z\"", .time(.epoch)),
    ])
    func placesAreWrittenSo(text: String, position: StartPosition) async {
        let harness = Harness()
        #expect(await harness.send(.patch, path, "{\"to\":\(text)}").status == 200)
        #expect(harness.engine.state.withLock { $0.resets.first?.position } == position)
        #expect(harness.engine.state.withLock { $0.resets.first?.isDryRun } == false)
    }

    @Test(arguments: [
        ("", "not valid JSON"), ("{}", "to is missing"), ("{\"to\":null}", "to is missing"),
        ("{\"to\":\"\"}", "to is earliest, latest"), ("{\"to\":\"-\"}", "to is earliest, latest"),
        ("{\"to\":\"+4\"}", "to is earliest"), ("{\"to\":\"4x\"}", "to is earliest"), ("{\"to\":1.5}", "not a string"),
        ("{\"to\":-9223372036854775808}", "to is earliest"), ("{\"to\":\"99999999999999999999\"}", "to is earliest"),
        ("{\"to\":\"latest\",\"topics\":[]}", "left out for all"),
        ("{\"to\":\"latest\",\"partitions\":[]}", "left out for all"),
        ("{\"to\":\"latest\",\"partitions\":[{\"topic\":\"a\"}]}", "partitions[0].partition is missing"),
        ("{\"to\":\"latest\",\"dryRun\":1}", "not true or false"), ("{\"to\":\"latest\",\"dry\":true}", "unknown"),
    ])
    func aWrongResetIsRefused(body: String, reason: String) async {
        let harness = Harness()
        let answer = await harness.send(.patch, path, body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason), "\(answer.detail)")
        #expect(harness.engine.state.withLock { $0.resets.isEmpty })
    }

    @Test func refusalsOfTheEngineHaveTheirCodes() async throws {
        let harness = Harness()
        let group = GroupName(internal: "billing")
        harness.engine.set { $0.groupError = .partitionNotShared(group, partition(7)) }
        let unshared = await harness.send(.patch, path, "{\"to\":\"latest\"}")
        #expect(unshared.status == 409)
        #expect(unshared.code == "partition-not-shared")
        #expect(try unshared.json()["partition"] == .integer(7))
        harness.engine.set { $0.groupError = .tooManyResets(group, max: 16) }
        let many = await harness.send(.patch, path, "{\"to\":\"latest\"}")
        #expect(many.status == 429)
        #expect(many.code == "too-many-resets")
        #expect(try many.json()["retryable"] == .bool(true))
    }

    @Test func historyIsToldWithItsReasons() async throws {
        let harness = Harness()
        #expect(await harness.send(.get, "/v1/groups/billing/rebalances").status == 404)
        let rebalance = GroupRebalance(
            groupEpoch: 3,
            time: .epoch,
            reasons: [
                .init(code: "member-joined", member: "m-2", text: "member m-2 joined"),
                .init(code: "topics-changed", member: nil, text: "the group's topics were changed"),
            ],
            moves: [
                .init(partition: partition(0), from: "m-1", to: "m-2", kind: .moved),
                .init(partition: partition(1), from: "m-1", to: nil, kind: .askedBack),
            ],
            moveCount: 300
        )
        harness.engine.set { $0.history = GroupHistory(groupEpoch: 4, rebalances: [rebalance]) }
        let answer = await harness.send(.get, "/v1/groups/billing/rebalances")
        #expect(
            try answer.json()
                == JSON(
                    """
                    {"group":"billing","groupEpoch":4,"rebalances":[
                      {"groupEpoch":3,"time":"1970-01-01T00:00:00.000Z",
                       "reasons":[{"reason":"member-joined","member":"m-2","text":"member m-2 joined"},
                                  {"reason":"topics-changed","text":"the group's topics were changed"}],
                       "moves":[{"topic":"orders","partition":0,"from":"m-1","to":"m-2","kind":"moved"},
                                {"topic":"orders","partition":1,"from":"m-1","to":null,"kind":"asked-back"}],
                       "moveCount":300}]}
                    """
                )
        )
    }
}
