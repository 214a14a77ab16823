import RecordFormat
import Testing

@testable import GroupCoordination

/// Members whose presence is kept by heartbeats.
@Suite struct ExplicitMemberTests {
    @Test func heartbeatsKeepAMemberAndTheirEndEndsIt() {
        var harness = GroupHarness()
        harness.join("a", presence: .heartbeats)
        #expect(harness.description?.members.first?.presence == .heartbeats)
        #expect(harness.heard("a").map(\.assigned) == [[0: 0, 1: 0, 2: 0, 3: 0]])
        for _ in 0..<4 {
            harness.advance(9_999)
            guard case .alive(let living) = harness.heartbeat("a") else { return #expect(Bool(false), "refused") }
            #expect(living.assignment.count == 4)
            #expect(living.sessionTimeoutMilliseconds == 10_000)
        }
        harness.advance(9_999)
        #expect(harness.heard("a").isEmpty)
        harness.advance(1)
        #expect(harness.heard("a") == [.goodbye(.sessionTimedOut, reconnect: true)])
        #expect(harness.heartbeat("a")?.refusal == .unknownMember(GroupHarness.group, MemberID("a")))
        #expect(harness.description?.members.isEmpty == true)
        #expect(harness.logTellsState)
    }

    @Test func everyRequestWithTheSessionIsAHeartbeat() {
        var harness = GroupHarness()
        harness.join("a", presence: .heartbeats)
        harness.advance(9_000)
        harness.deliver("a", 0, to: 10)
        harness.advance(9_000)
        harness.commit("a", 0, 5)
        harness.advance(9_000)
        #expect(harness.progress("a", 0) == .done)
        harness.advance(9_000)
        #expect(harness.release("a", 1) == .done)
        harness.advance(9_999)
        #expect(harness.description?.members.count == 1)
        harness.advance(1)
        #expect(harness.description?.members.isEmpty == true)
    }

    @Test func whatASilentMemberHoldsDrainsAsWithALostConnection() {
        var harness = GroupHarness()
        harness.join("a", presence: .heartbeats)
        harness.join("b")
        harness.advance(100)
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.advance(10_000)
        #expect(harness.deliverable("b") == [1, 2, 3])
        #expect(harness.state(0)?.phase == .draining)
        #expect(harness.commit("a", 0, 10, epoch: epoch) == .committed(Offset(10)))
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
    }

    @Test func sessionsChangeBetweenConnectionsAndHeartbeats() {
        var harness = GroupHarness()
        harness.join("a")
        let epoch = harness.epoch(0)
        harness.reconnect("a", presence: .heartbeats)
        #expect(harness.description?.members.first?.presence == .heartbeats)
        harness.advance(9_000)
        harness.reconnect("a")
        harness.advance(60_000)
        #expect(harness.description?.members.first?.presence == .connection)
        #expect(harness.epoch(0) == epoch)
        harness.crash()
        harness.reconnect("a", presence: .heartbeats)
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
        harness.advance(10_000)
        #expect(harness.description?.members.isEmpty == true)
    }

    @Test func heartbeatOfALostConnectionGivesMoreTimeToComeBack() {
        var harness = GroupHarness()
        harness.join("a", instance: "pod")
        harness.disconnect("a")
        harness.advance(9_000)
        guard case .alive = harness.heartbeat("a") else { return #expect(Bool(false), "refused") }
        harness.advance(9_000)
        #expect(harness.owner(0) == "a")
        harness.advance(1_000)
        #expect(harness.description?.members.isEmpty == true)
        #expect(harness.heartbeat("x")?.refusal == .unknownMember(GroupHarness.group, MemberID("x")))
    }

    @Test func explicitMembersShareWithOthersAndLeave() {
        var harness = GroupHarness()
        harness.join("a", presence: .heartbeats)
        harness.join("b")
        harness.advance(100)
        #expect(harness.deliverable("a") == [0, 1])
        #expect(harness.deliverable("b") == [2, 3])
        #expect(harness.leave("a") == .left)
        #expect(harness.heard("a").last == .goodbye(.left, reconnect: false))
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
    }
}
