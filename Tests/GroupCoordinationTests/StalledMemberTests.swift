import RecordFormat
import Testing

@testable import GroupCoordination

/// Members whose connection may be dead without anybody's notice, and what is known of what they hold.
@Suite struct StalledMemberTests {
    private func pair() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        return harness
    }

    @Test func memberThatIsSilentForTheCommitTimeoutLosesItsShareToOthers() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.advance(60_000)
        // Partition 1 had nothing in flight, and would wait for ever for a member that does not read.
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.description?.members.first?.isStalled == true)
        harness.join("c")
        harness.advance(100)
        #expect(harness.deliverable("a").isEmpty)
        #expect(harness.deliverable("c").count == 2)
        // A sign of life, be it a commit that is fenced, and it has a share again.
        guard case .fenced = harness.commit("a", 0, 10, epoch: 1) else { return #expect(Bool(false), "landed") }
        harness.advance(100)
        #expect(harness.deliverable("a").count == 1)
        #expect(harness.history.last?.reasons.contains(.memberRevived(MemberID("a"))) == true)
    }

    @Test func oneSlowPartitionTakesNothingElse() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.advance(40_000)
        harness.deliver("a", 1, to: 10)
        harness.commit("a", 1, 10)
        let epoch = harness.epoch(1)
        harness.advance(20_000)
        #expect(harness.description?.members.first?.isStalled == false)
        #expect(harness.owner(1) == "a")
        #expect(harness.epoch(1) == epoch)
    }

    @Test func stalledMembersAmongThemselvesShare() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 10)
        harness.advance(60_000)
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
    }

    @Test func whatIsInFlightAndSinceWhenIsDescribed() {
        var harness = GroupHarness()
        harness.join("a")
        #expect(harness.state(0)?.inFlight == 0)
        #expect(harness.state(0)?.uncommittedSinceMilliseconds == nil)
        let start = harness.milliseconds
        harness.deliver("a", 0, to: 10)
        harness.advance(1_000)
        harness.deliver("a", 0, to: 25)
        #expect(harness.state(0)?.inFlight == 25)
        #expect(harness.state(0)?.uncommittedSinceMilliseconds == start)
        harness.commit("a", 0, 10)
        #expect(harness.state(0)?.inFlight == 15)
        #expect(harness.state(0)?.uncommittedSinceMilliseconds == start + 1_000)
        for step in 0..<Int64(20) {
            harness.advance(10)
            harness.deliver("a", 0, to: 30 + step)
        }
        // Past a bound deliveries are merged: older than true, never younger.
        harness.commit("a", 0, 48)
        #expect((harness.state(0)?.uncommittedSinceMilliseconds ?? .max) <= start + 1_200)
        harness.commit("a", 0, 49)
        #expect(harness.state(0)?.uncommittedSinceMilliseconds == nil)
    }
}
