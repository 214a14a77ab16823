import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct JoinTests {
    @Test func firstJoinerCreatesTheGroupAndHasEverythingAtOnce() {
        var harness = GroupHarness()
        guard case .joined(let joined) = harness.join("a") else { return #expect(Bool(false), "refused") }
        #expect(joined.member == MemberID("a"))
        #expect(joined.memberEpoch == MemberEpoch(1))
        #expect(joined.groupEpoch == GroupEpoch(1))
        #expect(!joined.isResumed)
        #expect(joined.sessionTimeoutMilliseconds == 10_000)
        #expect(joined.commitTimeoutMilliseconds == 60_000)
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
        #expect(harness.heard("a").map(\.assigned) == [[0: 0, 1: 0, 2: 0, 3: 0]])
    }

    @Test func secondJoinerWaitsForTheDebounceAndGetsHalf() {
        var harness = GroupHarness()
        harness.join("a")
        _ = harness.heard("a")
        harness.join("b")
        #expect(harness.deliverable("b").isEmpty)
        #expect(harness.heard("b").isEmpty)
        harness.advance(99)
        #expect(harness.deliverable("b").isEmpty)
        harness.advance(1)
        #expect(harness.deliverable("a") == [0, 1])
        #expect(harness.deliverable("b") == [2, 3])
        #expect(harness.heard("a").map(\.revoked) == [[2: .rebalanced, 3: .rebalanced]])
        #expect(harness.heard("b").map(\.assigned) == [[2: 0, 3: 0]])
    }

    @Test func joinStormMovesPartitionsOnce() {
        var harness = GroupHarness(partitions: 12)
        harness.join("a")
        for name in ["b", "c", "d"] {
            harness.join(name)
            harness.advance(20)
        }
        let epoch = harness.shard.table[GroupHarness.group]?.lastPartitionEpoch
        #expect(epoch == PartitionEpoch(12))
        harness.advance(100)
        // Nine of twelve moved, each once.
        #expect(harness.shard.table[GroupHarness.group]?.lastPartitionEpoch == PartitionEpoch(21))
        #expect(["a", "b", "c", "d"].map { harness.deliverable($0).count } == [3, 3, 3, 3])
    }

    @Test func startsResolvedDuringAStormWaitForIt() {
        var harness = GroupHarness()
        harness.start = nil
        harness.join("a")
        let request = harness.outcome.resolveStart
        harness.join("b")
        harness.answer(request, at: 0)
        #expect(harness.deliverable("a").isEmpty)
        harness.advance(100)
        #expect(harness.deliverable("a") == [0, 2])
        #expect(harness.deliverable("b") == [1, 3])
        #expect(harness.heard("a").allSatisfy { $0.revoked == nil })
    }

    @Test func otherTopicListIsRefusedWithBothLists() {
        var harness = GroupHarness()
        harness.join("a")
        let records = harness.log.count
        let invoices = topicName("invoices")
        harness.topics = [GroupTopicDescription(name: invoices, id: TopicID(high: 2, low: 2), partitionCount: 1)]
        let reply = harness.join("b")
        #expect(
            reply
                == .refused(
                    .otherTopics(GroupHarness.group, current: [GroupHarness.orders], requested: [invoices])
                )
        )
        #expect(harness.log.count == records)
        #expect(harness.description?.members.count == 1)
    }

    @Test func topicOrderDoesNotMatter() {
        var harness = GroupHarness()
        harness.topics.append(
            GroupTopicDescription(name: topicName("invoices"), id: TopicID(high: 2, low: 2), partitionCount: 2)
        )
        harness.join("a")
        harness.topics.reverse()
        guard case .joined = harness.join("b") else { return #expect(Bool(false), "refused") }
        harness.advance(100)
        #expect(harness.shard.deliverable(GroupHarness.group, MemberID("a")).count == 3)
        #expect(harness.shard.deliverable(GroupHarness.group, MemberID("b")).count == 3)
    }

    @Test func surplusMembersStandByAndTakeOverAtOnce() {
        var harness = GroupHarness(partitions: 2)
        for name in ["a", "b", "c"] { harness.join(name) }
        harness.advance(100)
        #expect(harness.heard("c").map(\.assigned) == [[:]])
        #expect(harness.deliverable("c").isEmpty)
        harness.leave("a")
        #expect(harness.deliverable("c").count == 1)
        #expect(harness.heard("c").compactMap(\.assigned).map(\.count) == [1])
    }

    @Test func repeatedJoinIsAnsweredAgainAndChangesNothing() {
        var harness = GroupHarness()
        harness.join("a")
        let records = harness.log.count
        guard case .joined(let joined) = harness.join("a") else { return #expect(Bool(false), "refused") }
        #expect(joined.memberEpoch == MemberEpoch(1))
        #expect(harness.log.count == records)
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
    }

    @Test func settledGroupDoesNotMoveAgain() {
        var harness = GroupHarness(partitions: 7)
        for name in ["a", "b", "c"] { harness.join(name) }
        harness.advance(100)
        let before = ["a", "b", "c"].map { harness.deliverable($0) }
        let records = harness.log.count
        harness.reconnect("b")
        harness.advance(1_000)
        #expect(["a", "b", "c"].map { harness.deliverable($0) } == before)
        #expect(harness.log.count == records)
    }

    @Test func hundredMembersShareAThousandPartitions() {
        var harness = GroupHarness(partitions: 1_000)
        for member in 0..<100 { harness.join("m\(member)") }
        harness.advance(100)
        let before = harness.description?.partitions.map(\.owner) ?? []
        #expect(Dictionary(grouping: before) { $0 }.values.allSatisfy { $0.count == 10 })
        harness.join("new")
        harness.advance(100)
        let after = harness.description?.partitions.map(\.owner) ?? []
        #expect(zip(before, after).count { $0 != $1 } == 1_000 / 101)
        harness.leave("m0")
        let last = harness.description?.partitions.map(\.owner) ?? []
        #expect(zip(after, last).count { $0 != $1 } == after.count { $0 == MemberID("m0") })
    }

    @Test func boundsAreRefusedEachWithItsOwnError() {
        var configuration = GroupConfiguration()
        configuration.membersPerGroupMax = 1
        configuration.groupsPerShardMax = 1
        configuration.partitionsPerGroupMax = 4
        configuration.topicsPerGroupMax = 1
        var harness = GroupHarness(configuration: configuration)
        let refusal = { (body: GroupReply.Body?) -> GroupRefusal? in
            guard case .refused(let refusal) = body else { return nil }
            return refusal
        }
        #expect(refusal(harness.join("a", commitTimeoutMilliseconds: 999)) == .commitTimeoutOutOfRange(1_000...900_000))
        #expect(refusal(harness.join("")) == .invalidName(bytesMax: 249))
        #expect(refusal(harness.join("a", instance: String(repeating: "i", count: 250))) == .invalidName(bytesMax: 249))
        let topics = harness.topics
        harness.topics = []
        #expect(refusal(harness.join("a")) == .noTopics(GroupHarness.group))
        harness.topics = topics + topics
        #expect(refusal(harness.join("a")) == .tooManyTopics(max: 1))
        harness.topics = [
            GroupTopicDescription(name: GroupHarness.orders, id: GroupHarness.ordersID, partitionCount: 5)
        ]
        #expect(refusal(harness.join("a")) == .tooManyPartitions(max: 4))
        #expect(harness.log.isEmpty)
        #expect(harness.description == nil)
        harness.topics = topics
        harness.join("a")
        #expect(refusal(harness.join("b")) == .tooManyMembers(max: 1))
    }

    @Test func everyRefusalSaysWhatToDo() {
        let refusals: [GroupRefusal] = [
            .unknownGroup(GroupHarness.group), .unknownMember(GroupHarness.group, MemberID("a")),
            .otherTopics(GroupHarness.group, current: [GroupHarness.orders], requested: []),
            .noTopics(GroupHarness.group), .repeatedTopic(GroupHarness.group), .commitTimeoutOutOfRange(1...2),
            .invalidName(bytesMax: 3), .tooManyMembers(max: 4), .tooManyTopics(max: 5), .tooManyPartitions(max: 6),
            .tooManyGroups(max: 7),
        ]
        #expect(Set(refusals.map(\.description)).count == refusals.count)
        #expect(refusals[0].description == "group billing does not exist; join it with its topics first")
    }
}

extension GroupHarness {
    /// Answers requests for starts.
    mutating func answer(_ requests: [StartRequest], at offset: Int64) {
        for request in requests {
            let offsets = request.partitions.map {
                ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: Offset(offset))
            }
            apply(.startResolved(StartResolution(group: request.group, offsets: offsets)))
        }
    }
}
