import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct LeaveTests {
    /// Two members with two partitions each: a has 0 and 1, b has 2 and 3.
    private func pair() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        _ = harness.heard("a")
        _ = harness.heard("b")
        return harness
    }

    @Test func leavingReleasesAtOnceEvenWhatIsUncommitted() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        #expect(harness.leave("a") == .left)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.heard("a") == [.goodbye(.left, reconnect: false)])
        #expect(
            harness.commit("a", 0, 10, epoch: epoch) == .fenced(owner: MemberID("b"), epoch: .init(harness.epoch(0)))
        )
        #expect(harness.leave("a") == .refused(.unknownMember(GroupHarness.group, MemberID("a"))))
        #expect(harness.description?.members.map(\.id) == [MemberID("b")])
        #expect(harness.logTellsState)
    }

    @Test func disconnectMovesAtOnceWhatIsCommitted() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 10)
        harness.disconnect("a")
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.heard("b").map(\.assigned) == [[0: 10, 1: 0]])
    }

    @Test func disconnectDrainsWhatIsUncommittedUntilItIsCommitted() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.disconnect("a")
        #expect(harness.deliverable("b") == [1, 2, 3])
        #expect(harness.state(0)?.phase == .draining)
        #expect(harness.owner(0) == "a")
        // The session commits on without a connection; a part of it is not enough.
        #expect(harness.commit("a", 0, 9) == .committed(Offset(9)))
        #expect(harness.deliverable("b") == [1, 2, 3])
        #expect(harness.commit("a", 0, 10) == .committed(Offset(10)))
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.epoch(0) > epoch)
        #expect(harness.heard("b").last?.assigned == [0: 10])
    }

    @Test func drainingEndsAtTheCommitTimeout() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.disconnect("a")
        harness.advance(59_999)
        #expect(harness.owner(0) == "a")
        harness.advance(1)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(
            harness.commit("a", 0, 10, epoch: epoch) == .fenced(owner: MemberID("b"), epoch: .init(harness.epoch(0)))
        )
        #expect(harness.committed(0) == 0)
    }

    @Test func drainingOutlivesTheSessionAndCommitsLandUntilItsEnd() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.disconnect("a")
        harness.advance(10_000)
        #expect(harness.description?.members.map(\.id) == [MemberID("b")])
        #expect(harness.reconnect("a") == .refused(.unknownMember(GroupHarness.group, MemberID("a"))))
        #expect(harness.owner(0) == "a")
        #expect(harness.commit("a", 0, 10) == .committed(Offset(10)))
        #expect(harness.owner(0) == "b")
        #expect(harness.logTellsState)
    }

    @Test func reconnectResumesWhatDrains() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.deliver("a", 1, to: 5)
        harness.commit("a", 0, 4)
        let epochs = [harness.epoch(0), harness.epoch(1)]
        harness.disconnect("a")
        #expect(harness.deliverable("b") == [2, 3])
        harness.advance(9_000)
        guard case .joined(let joined) = harness.reconnect("a") else { return #expect(Bool(false), "refused") }
        #expect(joined.isResumed)
        #expect(harness.deliverable("a") == [0, 1])
        #expect([harness.epoch(0), harness.epoch(1)] == epochs)
        #expect(harness.heard("a").map(\.assigned) == [[0: 4, 1: 0]])
        #expect(harness.logTellsState)
    }

    @Test func reconnectTakesOverFromALivingConnection() {
        var harness = pair()
        let former = harness.connections[MemberID("a")]
        let epoch = harness.epoch(0)
        harness.reconnect("a")
        #expect(harness.heard(former) == [.goodbye(.fenced, reconnect: false)])
        #expect(harness.heard("a").map(\.assigned) == [[0: 0, 1: 0]])
        #expect(harness.epoch(0) == epoch)
        // The former connection closes late: nothing happens to the member.
        if let former { harness.apply(.disconnect(former)) }
        #expect(harness.outcome.isEmpty)
        #expect(harness.deliverable("a") == [0, 1])
    }

    @Test func loneMemberKeepsEverythingForItsSession() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 3)
        let epoch = harness.epoch(1)
        harness.disconnect("a")
        harness.advance(9_999)
        harness.reconnect("a")
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
        #expect(harness.epoch(1) == epoch)
    }

    @Test func whatALoneMemberLeftBehindMovesToTheNextOne() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 3)
        harness.disconnect("a")
        harness.join("b")
        #expect(harness.deliverable("b") == [1, 2, 3])
        harness.advance(60_000)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
    }

    @Test func unknownGroupsAndMembersAreRefused() {
        var harness = GroupHarness()
        #expect(harness.reconnect("a") == .refused(.unknownGroup(GroupHarness.group)))
        #expect(harness.leave("a") == .refused(.unknownGroup(GroupHarness.group)))
        harness.join("a")
        #expect(harness.reconnect("x") == .refused(.unknownMember(GroupHarness.group, MemberID("x"))))
        harness.apply(.disconnect(ConnectionID(999)))
        #expect(harness.outcome.isEmpty)
    }
}
