import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct StaticMemberTests {
    private func pair() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a", instance: "pod-a")
        harness.join("b", instance: "pod-b")
        harness.advance(100)
        _ = harness.heard("a")
        _ = harness.heard("b")
        return harness
    }

    @Test func partitionsStayForTheSessionTimeout() {
        var harness = pair()
        harness.disconnect("a")
        harness.advance(9_999)
        #expect(harness.owner(0) == "a")
        #expect(harness.deliverable("b") == [2, 3])
        harness.advance(1)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.description?.members.map(\.id) == [MemberID("b")])
    }

    @Test func uncommittedPartitionsDrainAfterTheSessionTimeout() {
        var harness = pair()
        harness.deliver("a", 0, to: 5)
        harness.disconnect("a")
        harness.advance(10_000)
        #expect(harness.deliverable("b") == [1, 2, 3])
        #expect(harness.state(0)?.phase == .draining)
        harness.advance(50_000)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
    }

    @Test func commitTimeoutDoesNotMoveWhatTheSessionKeeps() {
        var harness = GroupHarness()
        harness.join("a", instance: "pod-a", commitTimeoutMilliseconds: 1_000)
        harness.join("b")
        harness.advance(100)
        harness.deliver("a", 0, to: 5)
        harness.disconnect("a")
        harness.advance(9_999)
        #expect(harness.owner(0) == "a")
        harness.advance(1)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
    }

    @Test func rejoinKeepsPartitionsUnderANewEpochAndFencesTheFormerProcess() {
        var harness = pair()
        harness.deliver("a", 0, to: 5)
        let former = harness.connections[MemberID("a")]
        let epoch = harness.epoch(0)
        guard case .joined(let joined) = harness.join("a2", instance: "pod-a") else {
            return #expect(Bool(false), "refused")
        }
        #expect(joined.memberEpoch == MemberEpoch(2))
        #expect(joined.isResumed)
        #expect(harness.heard(former) == [.goodbye(.fenced, reconnect: false)])
        #expect(harness.deliverable("a2") == [0, 1])
        #expect(harness.heard("a2").map(\.assigned) == [[0: 0, 1: 0]])
        #expect(harness.heard("b").isEmpty)
        #expect(
            harness.commit("a", 0, 5, epoch: epoch) == .fenced(owner: MemberID("a2"), epoch: .init(harness.epoch(0)))
        )
        #expect(harness.reconnect("a") == .refused(.unknownMember(GroupHarness.group, MemberID("a"))))
        #expect(harness.logTellsState)
    }

    @Test func rollingRestartMovesNothing() {
        var harness = pair()
        for round in 2...6 {
            for pod in ["a", "b"] {
                harness.disconnect(round == 2 ? pod : "\(pod)\(round - 1)")
                harness.advance(5_000)
                harness.join("\(pod)\(round)", instance: "pod-\(pod)")
                harness.advance(1_000)
            }
        }
        #expect(harness.deliverable("a6") == [0, 1])
        #expect(harness.deliverable("b6") == [2, 3])
        #expect(harness.heard("b6").map(\.assigned) == [[2: 0, 3: 0]])
    }

    @Test func joinersDoNotTakeWhatAnAbsentMemberKeeps() {
        var harness = pair()
        harness.disconnect("a")
        harness.join("c")
        harness.advance(100)
        #expect(harness.owner(0) == "a")
        #expect(harness.owner(1) == "a")
        #expect([harness.deliverable("b").count, harness.deliverable("c").count] == [1, 1])
        harness.join("a2", instance: "pod-a")
        harness.advance(100)
        #expect(["a2", "b", "c"].map { harness.deliverable($0).count } == [2, 1, 1])
    }

    @Test func instanceThatComesBackTooLateIsNew() {
        var harness = pair()
        harness.disconnect("a")
        harness.advance(10_000)
        guard case .joined(let joined) = harness.join("a2", instance: "pod-a") else {
            return #expect(Bool(false), "refused")
        }
        #expect(joined.memberEpoch == MemberEpoch(1))
        harness.advance(100)
        #expect(harness.deliverable("a2").count == 2)
    }

    @Test func rejoinFreesWhatTheFormerProcessWasToFinish() {
        var harness = pair()
        harness.deliver("a", 0, to: 5)
        harness.deliver("a", 1, to: 5)
        harness.join("c")
        harness.join("d")
        harness.advance(100)
        let revoking = (0..<4).filter { harness.state(Int32($0))?.phase == .revoking }
        #expect(revoking.count == 1)
        harness.join("a2", instance: "pod-a")
        harness.advance(100)
        #expect(["a2", "b", "c", "d"].map { harness.deliverable($0).count } == [1, 1, 1, 1])
        #expect(harness.logTellsState)
    }
}
