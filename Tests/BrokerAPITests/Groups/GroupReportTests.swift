import BrokerCore
import RecordFormat
import Testing

@Suite struct GroupReportTests {
    private func harness() -> Harness {
        let harness = Harness()
        let orders = TopicName(internal: "orders")
        let first = TopicPartition(orders, PartitionIndex(0))
        let second = TopicPartition(orders, PartitionIndex(1))
        let report = GroupReport(
            summary: GroupSummary(
                name: GroupName(internal: "billing"),
                topics: [orders],
                memberCount: 1,
                groupEpoch: 42
            ),
            members: [
                GroupReport.Member(
                    id: "m-1",
                    instance: "pod-7",
                    epoch: 3,
                    isConnected: true,
                    partitions: [AssignedPartition(partition: first, epoch: 17, start: Offset(913))]
                )
            ],
            partitions: [
                GroupReport.Partition(
                    partition: first,
                    committed: Offset(951),
                    end: Offset(990),
                    lag: 39,
                    owner: "m-1",
                    epoch: 17,
                    state: "assigned"
                ),
                GroupReport.Partition(
                    partition: second,
                    committed: nil,
                    end: Offset(4),
                    lag: 4,
                    owner: nil,
                    epoch: 2,
                    state: "unassigned"
                ),
            ]
        )
        harness.engine.set { $0.report = report }
        return harness
    }

    @Test func aGroupIsDescribedInFull() async throws {
        let answer = try await harness().send(.get, "/v1/groups/billing").json()
        #expect(
            try answer
                == JSON(
                    """
                    {"group":"billing","groupEpoch":42,"topics":["orders"],
                     "members":[{"member":"m-1","instance":"pod-7","epoch":3,"connected":true,
                                 "partitions":[{"topic":"orders","partition":0,"epoch":17}]}],
                     "partitions":[
                       {"topic":"orders","partition":0,"committed":951,"end":990,"lag":39,"owner":"m-1","epoch":17,
                        "state":"assigned"},
                       {"topic":"orders","partition":1,"committed":null,"end":4,"lag":4,"owner":null,"epoch":2,
                        "state":"unassigned"}]}
                    """
                )
        )
    }

    @Test func membersOffsetsAndLagAreViewsOfTheSame() async throws {
        let harness = harness()
        let members = try await harness.send(.get, "/v1/groups/billing/members").json()
        #expect(members["members"]?[0]?["member"] == .string("m-1"))
        let offsets = try await harness.send(.get, "/v1/groups/billing/offsets").json()
        #expect(offsets["partitions"]?[0] == (try JSON("{\"topic\":\"orders\",\"partition\":0,\"committed\":951}")))
        let lag = try await harness.send(.get, "/v1/groups/billing/lag").json()
        #expect(lag["lag"] == .integer(43))
        #expect(lag["partitions"]?[1]?["lag"] == .integer(4))
        let list = try await harness.send(.get, "/v1/groups").json()
        #expect(list["groups"]?[0]?["group"] == .string("billing"))
        #expect(list["groups"]?[0]?["members"] == .integer(1))
    }

    @Test(arguments: ["", "/members", "/offsets", "/lag"])
    func anUnknownGroupIsNotFound(suffix: String) async {
        let answer = await harness().send(.get, "/v1/groups/shipping\(suffix)")
        #expect(answer.status == 404)
        #expect(answer.code == "group-not-found")
    }
}
