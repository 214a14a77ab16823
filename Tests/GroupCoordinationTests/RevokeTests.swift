import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct RevokeTests {
    /// One member that has all four partitions, with ten records delivered of each, and a second one waiting.
    ///
    /// What stays with the first (0 and 1) is committed if asked for.
    private func contested(committing: Bool = false) -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        for index in 0..<Int32(4) { harness.deliver("a", index, to: 10) }
        if committing {
            harness.commit("a", 0, 10)
            harness.commit("a", 1, 10)
        }
        _ = harness.heard("a")
        harness.join("b")
        harness.advance(100)
        return harness
    }

    @Test func nothingIsAssignedBeforeItIsReleased() {
        var harness = contested()
        #expect(harness.deliverable("a") == [0, 1])
        #expect(harness.deliverable("b").isEmpty)
        #expect(harness.owner(2) == "a")
        #expect(harness.state(2)?.phase == .revoking)
        let heard = harness.heard("a")
        #expect(heard.map(\.revoking) == [[2, 3]])
        guard case .revoking(_, let milliseconds) = heard[0] else { return }
        #expect(milliseconds == 59_900)
        #expect(harness.deliver("a", 2, to: 11) == false)
        #expect(harness.heard("b").map(\.assigned) == [[:]])
    }

    @Test func commitOfEverythingDeliveredHandsOver() {
        var harness = contested()
        _ = harness.heard("a")
        _ = harness.heard("b")
        let epoch = harness.epoch(2)
        harness.commit("a", 2, 9)
        #expect(harness.owner(2) == "a")
        harness.commit("a", 2, 10)
        #expect(harness.owner(2) == "b")
        #expect(harness.epoch(2) > epoch)
        guard case .revoked(let lost) = harness.heard("a").last else { return #expect(Bool(false), "not told") }
        #expect(lost.map(\.committed) == [Offset(10)])
        #expect(lost.map(\.epoch) == [PartitionEpoch(epoch)])
        #expect(harness.heard("b").map(\.assigned) == [[2: 10]])
        #expect(
            harness.commit("a", 2, 10, epoch: epoch) == .fenced(owner: MemberID("b"), epoch: .init(harness.epoch(2)))
        )
    }

    @Test func releaseHandsOverWithoutACommit() {
        var harness = contested()
        _ = harness.heard("a")
        #expect(harness.release("a", 3) == .done)
        #expect(harness.owner(3) == "b")
        #expect(harness.heard("a").map(\.revoked) == [[3: .released]])
        #expect(harness.release("a", 3, epoch: 1) == .fenced(owner: MemberID("b"), epoch: .init(harness.epoch(3))))
        #expect(harness.release("a", 9, epoch: 1) == .unknownPartition)
    }

    @Test func commitTimeoutHandsOver() {
        var harness = contested(committing: true)
        _ = harness.heard("a")
        harness.advance(59_899)
        #expect(harness.owner(2) == "a")
        harness.advance(1)
        #expect(harness.owner(2) == "b")
        #expect(harness.owner(3) == "b")
    }

    @Test func commitsProlongAHandOver() {
        var harness = contested(committing: true)
        harness.advance(50_000)
        harness.commit("a", 2, 5)
        harness.advance(20_000)
        #expect(harness.owner(2) == "a")
        #expect(harness.owner(3) == "b")
        harness.advance(40_000)
        #expect(harness.owner(2) == "b")
    }

    @Test func partitionsThatDoNotMoveNeverPause() {
        var harness = contested()
        #expect(harness.deliver("a", 0, to: 20) == true)
        #expect(harness.deliver("a", 1, to: 20) == true)
        harness.commit("a", 2, 10)
        harness.commit("a", 3, 10)
        #expect(harness.deliverable("a") == [0, 1])
        #expect(harness.state(0)?.delivered == Offset(20))
    }

    @Test func reconnectIsToldWhatToFinish() {
        var harness = contested()
        harness.disconnect("a")
        #expect(harness.state(2)?.phase == .revoking)
        #expect(harness.state(0)?.phase == .draining)
        harness.reconnect("a")
        let heard = harness.heard("a")
        #expect(heard.compactMap(\.assigned) == [[0: 0, 1: 0]])
        #expect(heard.compactMap(\.revoking) == [[2, 3]])
        harness.commit("a", 2, 10)
        // Until the returns of these moments are collected: b may be the only one that is here yet.
        harness.advance(100)
        #expect(harness.owner(2) == "b")
    }

    @Test func handOverGoesOnAfterARestart() {
        var harness = contested(committing: true)
        harness.commit("a", 2, 9)
        harness.crash(after: 1_000)
        #expect(harness.state(2)?.phase == .revoking)
        harness.reconnect("b")
        harness.reconnect("a")
        harness.commit("a", 2, 10)
        harness.advance(100)
        #expect(harness.owner(2) == "b")
        // Partition 3 was delivered at 5,000 and asked back 100 ms later; its end survives the restart.
        harness.advance(58_799)
        #expect(harness.owner(3) == "a")
        harness.advance(1)
        #expect(harness.owner(3) == "b")
        #expect(harness.logTellsState)
    }
}
