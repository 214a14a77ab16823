import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct TopicTests {
    @Test func startIsAskedOnceAndStoredAsACommit() {
        var harness = GroupHarness()
        harness.start = nil
        harness.join("a", start: .latest)
        let requests = harness.outcome.resolveStart
        #expect(requests.map(\.position) == [.latest])
        #expect(requests.map(\.group) == [GroupHarness.group])
        #expect(requests.flatMap(\.partitions).map(\.partition.partition.value) == [0, 1, 2, 3])
        #expect(harness.deliverable("a").isEmpty)
        #expect(harness.heard("a").isEmpty)
        harness.answer(requests, at: 77)
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
        #expect(harness.heard("a").map(\.assigned) == [[0: 77, 1: 77, 2: 77, 3: 77]])
        harness.answer(requests, at: 99)
        #expect(harness.outcome.isEmpty)
        #expect(harness.committed(0) == 77)
        harness.crash()
        harness.answer(requests, at: 99)
        #expect(harness.committed(0) == 77)
    }

    @Test func startThatWasNeverAnsweredIsAskedForAgain() {
        var harness = GroupHarness()
        harness.start = nil
        harness.join("a", start: .time(Timestamp(millisecondsSinceEpoch: 5)))
        harness.crash()
        var fresh = GroupShard(configuration: GroupConfiguration())
        for record in harness.log {
            do { try fresh.replay(key: record.key, value: record.value, now: harness.now) } catch {
                return #expect(Bool(false), "\(error)")
            }
        }
        let outcome = GroupOutcome(joining: fresh.finishReplay(now: harness.now))
        #expect(outcome.resolveStart.map(\.position) == [.time(Timestamp(millisecondsSinceEpoch: 5))])
        #expect(outcome.resolveStart.flatMap(\.partitions).count == 4)
        #expect(outcome.records.isEmpty)
    }

    @Test func answerForAnotherTopicIsIgnored() {
        var harness = GroupHarness()
        harness.start = nil
        harness.join("a")
        let start = ResolvedStart(
            partition: GroupHarness.partition(0),
            topicID: TopicID(high: 8, low: 8),
            offset: Offset(5)
        )
        harness.apply(.startResolved(StartResolution(group: GroupHarness.group, offsets: [start])))
        #expect(harness.outcome.isEmpty)
        #expect(harness.committed(0) == nil)
    }

    @Test func addedPartitionsStartAtZero() {
        var harness = GroupHarness()
        harness.start = Offset(50)
        harness.join("a", start: .latest)
        _ = harness.heard("a")
        harness.apply(
            .topicChanged(
                GroupTopicDescription(name: GroupHarness.orders, id: GroupHarness.ordersID, partitionCount: 6)
            )
        )
        #expect(harness.heard("a").map(\.assigned) == [[4: 0, 5: 0]])
        #expect(harness.outcome.resolveStart.isEmpty)
        #expect(harness.logTellsState)
        // A joiner that has not heard of it yet changes nothing.
        harness.join("b")
        harness.advance(100)
        #expect(harness.description?.partitions.count == 6)
        #expect(harness.deliverable("b").count == 3)
    }

    @Test func deletionTakesPartitionsAndCommitsAlong() {
        var harness = GroupHarness()
        let invoices = topicName("invoices")
        harness.topics.append(
            GroupTopicDescription(name: invoices, id: TopicID(high: 2, low: 2), partitionCount: 2)
        )
        harness.join("a")
        harness.deliver("a", 0, to: 5)
        harness.commit("a", 0, 5)
        _ = harness.heard("a")
        harness.apply(.topicDeleted(GroupHarness.orders, GroupHarness.ordersID))
        let tombstones = harness.outcome.records.filter { $0.value == nil }
        #expect(tombstones.count == 8)
        #expect(
            harness.heard("a").map(\.revoked) == [Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, .topicDeleted) })]
        )
        #expect(harness.description?.partitions.map(\.partition.topic) == [invoices, invoices])
        #expect(harness.commit("a", 0, 6, epoch: 1) == .unknownPartition)
        #expect(harness.logTellsState)
    }

    @Test func recreatedTopicInheritsNothing() {
        var harness = GroupHarness()
        let invoices = topicName("invoices")
        harness.topics.append(
            GroupTopicDescription(name: invoices, id: TopicID(high: 2, low: 2), partitionCount: 1)
        )
        harness.join("a")
        harness.deliver("a", 0, to: 5)
        harness.commit("a", 0, 5)
        let epoch = harness.epoch(0)
        harness.apply(.topicDeleted(GroupHarness.orders, GroupHarness.ordersID))
        harness.crash()
        harness.reconnect("a")
        harness.advance(100)
        let again = TopicID(high: 3, low: 3)
        harness.apply(.topicChanged(GroupTopicDescription(name: GroupHarness.orders, id: again, partitionCount: 2)))
        #expect(harness.committed(0) == 0)
        #expect(harness.epoch(0) > epoch)
        #expect(harness.commit("a", 0, 5, epoch: epoch, topicID: again) != .committed(Offset(5)))
        #expect(harness.commit("a", 0, 5) == .unknownPartition)
        #expect(harness.logTellsState)
    }

    @Test func changedIdentityWithoutADeletionDropsTheOldCommits() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 5)
        harness.commit("a", 0, 5)
        let again = TopicID(high: 3, low: 3)
        harness.apply(.topicChanged(GroupTopicDescription(name: GroupHarness.orders, id: again, partitionCount: 1)))
        #expect(harness.committed(0) == 0)
        #expect(harness.description?.partitions.count == 1)
        #expect(harness.logTellsState)
    }

    @Test func deletionOfTheLastTopicSendsMembersAway() {
        var harness = GroupHarness()
        harness.join("a")
        _ = harness.heard("a")
        harness.apply(.topicDeleted(GroupHarness.orders, TopicID(high: 9, low: 9)))
        #expect(harness.outcome.isEmpty)
        harness.apply(.topicDeleted(GroupHarness.orders, GroupHarness.ordersID))
        #expect(harness.heard("a") == [.goodbye(.topicDeleted, reconnect: false)])
        #expect(harness.description?.members.isEmpty == true)
        #expect(harness.logTellsState)
        // Created again, the topic is read from its beginning.
        harness.topics = [
            GroupTopicDescription(name: GroupHarness.orders, id: TopicID(high: 4, low: 4), partitionCount: 2)
        ]
        harness.join("b", start: .latest)
        #expect(harness.heard("b").map(\.assigned) == [[0: 0, 1: 0]])
    }
}
