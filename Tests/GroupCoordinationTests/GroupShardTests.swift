import RecordFormat
import Testing

@testable import GroupCoordination

/// Several groups in one shard, and what an outcome promises to the shell.
@Suite struct GroupShardTests {
    private static let first = groupName("first")
    private static let second = groupName("second")
    private static let orders = GroupTopicDescription(
        name: GroupHarness.orders,
        id: GroupHarness.ordersID,
        partitionCount: 2
    )

    private func now(_ milliseconds: Int64) -> GroupNow {
        GroupNow(
            monotonicMilliseconds: milliseconds,
            wall: Timestamp(millisecondsSinceEpoch: GroupHarness.wallAtStart + milliseconds)
        )
    }

    private func join(_ group: GroupName, _ member: String, _ connection: UInt64) -> GroupCommand {
        .join(
            GroupJoin(
                request: RequestID(connection),
                connection: ConnectionID(connection),
                group: group,
                member: MemberID(member),
                topics: [Self.orders]
            )
        )
    }

    private func starts(_ group: GroupName) -> GroupCommand {
        let offsets = (0..<Int32(2)).map { index in
            ResolvedStart(
                partition: GroupHarness.partition(index),
                topicID: GroupHarness.ordersID,
                offset: .zero
            )
        }
        return .startResolved(StartResolution(group: group, offsets: offsets))
    }

    private func two() -> GroupShard {
        var shard = GroupShard(configuration: .withoutFirstDebounce)
        for (index, group) in [Self.second, Self.first].enumerated() {
            _ = shard.apply(join(group, "a", UInt64(index + 1)), now: now(0))
            _ = shard.apply(starts(group), now: now(0))
        }
        return shard
    }

    private func deliver(_ group: GroupName, _ shard: inout GroupShard, at time: Int64) {
        guard let assigned = shard.deliverable(group, MemberID("a")).first else { return }
        let delivery = GroupDelivery(
            group: group,
            member: MemberID("a"),
            partition: assigned.partition,
            epoch: assigned.epoch,
            next: Offset(5)
        )
        #expect(shard.apply(.delivered(delivery), now: now(time)).first?.isDeliveryAccepted == true)
    }

    @Test func groupsDoNotTouchEachOther() {
        var shard = two()
        #expect(shard.groups().map(\.group) == [Self.first, Self.second])
        #expect(shard.groups().map(\.memberCount) == [1, 1])
        #expect(shard.deliverable(Self.first, MemberID("a")).count == 2)
        #expect(shard.deliverable(Self.second, MemberID("a")).count == 2)
        let outcome = GroupOutcome(joining: shard.apply(.disconnect(ConnectionID(1)), now: now(10)))
        #expect(outcome.records.isEmpty)
        #expect(shard.deliverable(Self.second, MemberID("a")).isEmpty)
        #expect(shard.deliverable(Self.first, MemberID("a")).count == 2)
        #expect(shard.describe(groupName("third")) == nil)
    }

    @Test func deadlinesOfAllGroupsAreSeen() {
        var shard = two()
        #expect(shard.nextDeadline() == nil)
        deliver(Self.second, &shard, at: 1_000)
        deliver(Self.first, &shard, at: 2_000)
        #expect(shard.nextDeadline() == 31_000)
        let warned = GroupOutcome(joining: shard.apply(.tick, now: now(31_000)))
        #expect(warned.events.map(\.group) == [Self.second])
        #expect(shard.nextDeadline() == 32_000)
        let both = GroupOutcome(joining: shard.apply(.tick, now: now(70_000)))
        #expect(Set(both.events.map(\.group)) == [Self.first, Self.second])
        #expect(shard.nextDeadline() == nil)
    }

    @Test func deletionReachesEveryGroupThatReadsTheTopic() {
        var shard = two()
        let outcome = GroupOutcome(
            joining: shard.apply(.topicDeleted(GroupHarness.orders, GroupHarness.ordersID), now: now(10))
        )
        // For each group two partitions and two commits; the member goes too.
        #expect(outcome.records.count { $0.value == nil } == 10)
        #expect(outcome.events.map(\.group) == [Self.first, Self.second])
        #expect(outcome.events.allSatisfy { $0.body == .goodbye(.topicDeleted, reconnect: false) })
        #expect(GroupOutcome(joining: shard.apply(.disconnect(ConnectionID(1)), now: now(20))).isEmpty)
    }

    @Test func repliesNameTheirRequestAndEventsTheirConnection() {
        var shard = two()
        let outcome = GroupOutcome(joining: shard.apply(join(Self.first, "b", 9), now: now(0)))
        #expect(outcome.replies.map(\.request) == [RequestID(9)])
        let moved = GroupOutcome(joining: shard.apply(.tick, now: now(100)))
        #expect(moved.events.map(\.connection) == [ConnectionID(2), ConnectionID(9)])
        #expect(moved.events.map(\.member) == [MemberID("a"), MemberID("b")])
        #expect(!moved.records.isEmpty)
    }

    @Test func aMemberHearsWhatItLostBeforeWhatItGot() {
        var shard = two()
        deliver(Self.first, &shard, at: 0)
        let outcome = GroupOutcome(joining: shard.apply(.tick, now: now(60_000)))
        #expect(outcome.events.count == 2)
        #expect(outcome.events.first?.body.revoked == [0: .commitTimeout])
        #expect(outcome.events.last?.body.assigned == [0: 0])
    }

    @Test func eachKeyIsWrittenOnceACommand() {
        var shard = two()
        for command in [join(Self.first, "b", 9), .tick, .disconnect(ConnectionID(2)), .tick] {
            let outcome = GroupOutcome(joining: shard.apply(command, now: now(100)))
            #expect(Set(outcome.records.map(\.key)).count == outcome.records.count)
        }
    }

    @Test func unknownGroupsAreRefusedOrIgnored() {
        var shard = GroupShard(configuration: .withoutFirstDebounce)
        let commit = GroupCommit(request: RequestID(4), group: Self.first, member: MemberID("a"), items: [])
        let outcome = GroupOutcome(joining: shard.apply(.commit(commit), now: now(0)))
        #expect(outcome.replies == [GroupReply(request: RequestID(4), body: .refused(.unknownGroup(Self.first)))])
        #expect(GroupOutcome(joining: shard.apply(starts(Self.first), now: now(0))).isEmpty)
        #expect(GroupOutcome(joining: shard.apply(.topicChanged(Self.orders), now: now(0))).isEmpty)
        #expect(GroupOutcome(joining: shard.apply(.tick, now: now(0))).isEmpty)
    }

    @Test func sameCommandsGiveTheSameBytes() {
        let logs = (0..<3).map { _ -> [GroupRecord] in
            var harness = GroupHarness(partitions: 9)
            for name in ["c", "a", "e", "b", "d"] { harness.join(name, instance: name == "b" ? "pod" : nil) }
            harness.advance(100)
            harness.disconnect("a")
            harness.leave("e")
            harness.advance(20_000)
            return harness.log
        }
        #expect(logs[0] == logs[1])
        #expect(logs[1] == logs[2])
    }
}
