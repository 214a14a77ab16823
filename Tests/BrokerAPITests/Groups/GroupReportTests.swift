import BrokerCore
import RecordFormat
import Testing

@Suite struct GroupReportTests {
    private func harness() -> Harness {
        let harness = Harness()
        let orders = TopicName(internal: "orders")
        let first = TopicPartition(orders, PartitionIndex(0))
        let second = TopicPartition(orders, PartitionIndex(1))
        var report = GroupReport(
            summary: GroupSummary(
                name: GroupName(internal: "billing"),
                topics: [orders],
                memberCount: 1,
                groupEpoch: 42
            ),
            settings: GroupSettings(
                start: .latest,
                commitTimeoutMilliseconds: 60_000,
                sessionTimeoutMilliseconds: 10_000,
                membersMax: 1000,
                timeToLiveMilliseconds: nil
            ),
            missingTopics: [TopicName(internal: "gone")],
            members: [
                GroupReport.Member(
                    id: "m-1",
                    instance: "pod-7",
                    epoch: 3,
                    presence: .heartbeats,
                    joinedAt: .epoch,
                    partitions: [AssignedPartition(partition: first, epoch: 17, start: Offset(913))]
                )
            ],
            partitions: [
                GroupReport.Partition(
                    partition: first,
                    committed: Offset(951),
                    committedAt: .epoch,
                    metadata: "note",
                    logStart: Offset(953),
                    end: Offset(990),
                    inFlight: 5,
                    uncommittedSince: harness.engine.testClock.now.advanced(byMilliseconds: -70),
                    owner: "m-1",
                    epoch: 17,
                    state: "assigned"
                ),
                GroupReport.Partition(
                    partition: second,
                    committed: nil,
                    end: Offset(4),
                    owner: nil,
                    epoch: 2,
                    state: "unassigned"
                ),
            ]
        )
        report.partitions[0].lagSeconds = 75
        harness.engine.set { [report] in $0.report = report }
        return harness
    }

    @Test func aGroupIsDescribedInFull() async throws {
        let answer = try await harness().send(.get, "/v1/groups/billing").json()
        #expect(
            try answer
                == JSON(
                    """
                    {"group":"billing","groupEpoch":42,"topics":["orders"],"from":"latest","commitTimeoutMs":60000,
                     "sessionTimeoutMs":10000,"membersMax":1000,"timeToLiveMs":null,"missingTopics":["gone"],
                     "keptTopics":[],"emptySince":null,"lag":41,"lagSeconds":75,"lost":2,"inFlight":5,
                     "members":[{"member":"m-1","instance":"pod-7","epoch":3,"connected":true,"presence":"heartbeats",
                                 "joinedAt":"1970-01-01T00:00:00.000Z","stalled":false,
                                 "partitions":[{"topic":"orders","partition":0,"epoch":17}]}],
                     "partitions":[
                       {"topic":"orders","partition":0,"committed":951,"committedAt":"1970-01-01T00:00:00.000Z",
                        "metadata":"note","end":990,"lag":37,"lagSeconds":75,"lost":2,"inFlight":5,"uncommittedMs":70,
                        "owner":"m-1","epoch":17,"state":"assigned"},
                       {"topic":"orders","partition":1,"committed":null,"committedAt":null,"end":4,"lag":4,
                        "lagSeconds":null,"lost":0,"inFlight":0,"uncommittedMs":null,"owner":null,"epoch":2,
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
        #expect(
            offsets["partitions"]?[0]
                == (try JSON(
                    """
                    {"topic":"orders","partition":0,"committed":951,"committedAt":"1970-01-01T00:00:00.000Z",
                     "metadata":"note"}
                    """
                ))
        )
        let lag = try await harness.send(.get, "/v1/groups/billing/lag").json()
        #expect(lag["lag"] == .integer(41))
        #expect(lag["lost"] == .integer(2))
        #expect(lag["partitions"]?[0]?["uncommittedMs"] == .integer(70))
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
