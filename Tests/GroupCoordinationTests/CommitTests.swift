import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct CommitTests {
    private func single() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 50)
        return harness
    }

    @Test func anyDeliveredOffsetMayBeCommitted() {
        var harness = single()
        #expect(harness.commit("a", 0, 17) == .committed(Offset(17)))
        #expect(harness.commit("a", 0, 18) == .committed(Offset(18)))
        #expect(harness.committed(0) == 18)
        #expect(harness.logTellsState)
    }

    @Test func lowerOffsetsAreOutdatedAndEqualOnesAreFine() {
        var harness = single()
        harness.commit("a", 0, 17)
        let records = harness.log.count
        #expect(harness.commit("a", 0, 16) == .outdated(committed: Offset(17)))
        #expect(harness.commit("a", 0, 17) == .committed(Offset(17)))
        #expect(harness.log.count == records)
        #expect(harness.committed(0) == 17)
    }

    @Test func offsetsBeyondWhatIsVisibleOrDeliveredAreRefused() {
        var harness = single()
        #expect(harness.commit("a", 0, 41, visible: 40) == .beyondVisible(visible: Offset(40)))
        #expect(harness.commit("a", 0, 51) == .beyondDelivery(delivered: Offset(50)))
        #expect(harness.commit("a", 1, 1) == .beyondDelivery(delivered: .zero))
        #expect(harness.committed(0) == 0)
    }

    @Test func deliveryIsNotCheckedForASessionFromBeforeTheStart() {
        var harness = single()
        harness.crash()
        #expect(harness.commit("a", 0, 51, visible: 60) == .committed(Offset(51)))
        harness.reconnect("a")
        #expect(harness.commit("a", 0, 55, visible: 60) == .committed(Offset(55)))
        #expect(harness.commit("a", 0, 61, visible: 60) == .beyondVisible(visible: Offset(60)))
    }

    @Test func staleEpochsAndOtherMembersAreFenced() {
        var harness = single()
        #expect(harness.commit("a", 0, 10, epoch: 99) == .fenced(owner: MemberID("a"), epoch: .init(harness.epoch(0))))
        #expect(harness.commit("b", 0, 10) == .fenced(owner: MemberID("a"), epoch: .init(harness.epoch(0))))
        #expect(harness.committed(0) == 0)
        let epoch = harness.epoch(0)
        harness.leave("a")
        #expect(harness.commit("a", 0, 10, epoch: epoch) == .fenced(owner: nil, epoch: .init(epoch)))
    }

    @Test func unknownPartitionsAndOtherTopicsAreRefused() {
        var harness = single()
        #expect(harness.commit("a", 4, 1, epoch: 1) == .unknownPartition)
        #expect(harness.commit("a", -1, 1, epoch: 1) == .unknownPartition)
        #expect(harness.commit("a", 0, 1, topicID: TopicID(high: 9, low: 9)) == .unknownPartition)
        #expect(
            harness.commit("a", 0, 1, metadata: String(repeating: "x", count: 4_097))
                == .metadataTooLong(bytesMax: 4_096)
        )
    }

    @Test func partitionsThatNobodyEverHadAreNotAssigned() {
        var harness = GroupHarness()
        harness.start = nil
        harness.join("a")
        #expect(harness.commit("a", 0, 1, epoch: 1) == .notAssigned)
    }

    @Test func itemsAreJudgedEachOnItsOwn() {
        var harness = single()
        let item = { (index: Int32, offset: Int64, epoch: Int64) in
            CommitItem(
                partition: GroupHarness.partition(index),
                topicID: GroupHarness.ordersID,
                offset: Offset(offset),
                epoch: PartitionEpoch(epoch),
                visible: Offset(100)
            )
        }
        let epoch = harness.epoch(0)
        let reply = harness.apply(
            .commit(
                GroupCommit(
                    request: RequestID(7),
                    group: GroupHarness.group,
                    member: MemberID("a"),
                    items: [item(0, 10, epoch), item(0, 9, epoch), item(1, 5, 77), item(0, 20, epoch)]
                )
            )
        )
        guard case .committed(let results) = reply else { return #expect(Bool(false), "refused") }
        #expect(
            results.map(\.status) == [
                .committed(Offset(10)), .outdated(committed: Offset(10)),
                .fenced(owner: MemberID("a"), epoch: .init(harness.epoch(1))), .committed(Offset(20)),
            ]
        )
        #expect(harness.outcome.replies.map(\.request) == [RequestID(7)])
        #expect(harness.outcome.records.count == 1)
        #expect(harness.committed(0) == 20)
    }

    @Test func metadataIsKept() {
        var harness = single()
        harness.commit("a", 0, 5, metadata: "checkpoint 7")
        #expect(harness.state(0)?.metadata == "checkpoint 7")
        #expect(harness.commit("a", 0, 5, metadata: "checkpoint 8") == .committed(Offset(5)))
        harness.crash()
        #expect(harness.state(0)?.metadata == "checkpoint 8")
    }

    @Test func deliveryIsRefusedInAStaleEpochAndByOthers() {
        var harness = single()
        #expect(harness.deliver("a", 0, to: 60, epoch: 99) == false)
        #expect(harness.deliver("b", 0, to: 60) == false)
        #expect(harness.deliver("a", 9, to: 60) == false)
        #expect(harness.deliver("a", 0, to: 60) == true)
        harness.disconnect("a")
        #expect(harness.deliver("a", 0, to: 70) == false)
    }
}
