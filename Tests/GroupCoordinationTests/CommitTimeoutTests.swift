import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct CommitTimeoutTests {
    private func single(timeout: Int64? = nil) -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a", commitTimeoutMilliseconds: timeout)
        _ = harness.heard("a")
        return harness
    }

    @Test func warningComesAtHalfAndThePartitionGoesAtTheEnd() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.advance(29_999)
        #expect(harness.heard("a").isEmpty)
        harness.advance(1)
        let partition = LeasePartition(partition: GroupHarness.partition(0), epoch: .init(epoch))
        #expect(harness.heard("a") == [.leaseWarning([partition], deadlineMilliseconds: 30_000)])
        harness.advance(29_999)
        #expect(harness.heard("a").isEmpty)
        harness.advance(1)
        let heard = harness.heard("a")
        #expect(heard.compactMap(\.revoked) == [[0: .commitTimeout]])
        // Nobody else is there: the same member has it again, in a new epoch.
        #expect(heard.compactMap(\.assigned) == [[0: 0]])
        #expect(harness.epoch(0) > epoch)
        #expect(
            harness.commit("a", 0, 10, epoch: epoch) == .fenced(owner: MemberID("a"), epoch: .init(harness.epoch(0)))
        )
        #expect(harness.epoch(1) < harness.epoch(0))
    }

    @Test func anotherMemberIsPreferredAfterATimeout() {
        var harness = GroupHarness(partitions: 1)
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        harness.deliver("a", 0, to: 10)
        harness.advance(60_000)
        #expect(harness.owner(0) == "b")
    }

    @Test func commitBeginsTheTimeAnewAndTheLastOneEndsIt() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        harness.advance(50_000)
        harness.commit("a", 0, 5)
        harness.advance(59_000)
        #expect(harness.state(0)?.phase == .owned)
        harness.commit("a", 0, 10)
        let epoch = harness.epoch(0)
        harness.advance(600_000)
        #expect(harness.epoch(0) == epoch)
        #expect(harness.shard.nextDeadline() == nil)
    }

    @Test func repeatedCommitIsNoProgress() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 5)
        let epoch = harness.epoch(0)
        harness.advance(40_000)
        #expect(harness.commit("a", 0, 5) == .committed(Offset(5)))
        harness.advance(20_000)
        #expect(harness.epoch(0) > epoch)
    }

    @Test func laterDeliveryDoesNotProlong() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.advance(40_000)
        harness.deliver("a", 0, to: 20)
        harness.advance(20_000)
        #expect(harness.epoch(0) > epoch)
    }

    @Test func redeliveryOnANewConnectionBeginsTheTimeAnew() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.advance(40_000)
        harness.reconnect("a")
        harness.advance(5_000)
        harness.deliver("a", 0, to: 4)
        harness.advance(50_000)
        harness.deliver("a", 0, to: 10)
        harness.advance(9_999)
        #expect(harness.epoch(0) == epoch)
        harness.advance(1)
        #expect(harness.epoch(0) > epoch)
    }

    @Test func progressRenewsWithoutACommit() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        for _ in 0..<5 {
            harness.advance(50_000)
            #expect(harness.progress("a", 0) == .done)
        }
        #expect(harness.epoch(0) == epoch)
        #expect(harness.committed(0) == 0)
        harness.advance(60_000)
        #expect(harness.epoch(0) > epoch)
        #expect(harness.progress("a", 0, epoch: epoch) == .fenced(owner: MemberID("a"), epoch: .init(harness.epoch(0))))
    }

    @Test func timeoutBelongsToTheGroupAndIsKept() {
        var harness = single(timeout: 2_000)
        harness.crash()
        harness.reconnect("a")
        #expect(harness.description?.commitTimeoutMilliseconds == 2_000)
        harness.deliver("a", 0, to: 10)
        let epoch = harness.epoch(0)
        harness.advance(2_000)
        #expect(harness.epoch(0) > epoch)
    }

    @Test func ticksTooEarlyAndTooOftenAreHarmless() {
        var harness = single()
        harness.deliver("a", 0, to: 10)
        let records = harness.log.count
        for _ in 0..<3 {
            harness.apply(.tick)
            #expect(harness.outcome.isEmpty)
        }
        #expect(harness.log.count == records)
    }
}
