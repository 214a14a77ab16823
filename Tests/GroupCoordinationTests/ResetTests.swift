import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct ResetTests {
    /// Two members with two partitions each, ten records delivered and five committed in each partition.
    private func pair() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        for index in 0..<Int32(4) {
            harness.deliver(index < 2 ? "a" : "b", index, to: 10)
            harness.commit(index < 2 ? "a" : "b", index, 5)
        }
        _ = harness.heard("a")
        _ = harness.heard("b")
        return harness
    }

    @Test func unknownGroupsAndPartitionsAreRefused() {
        var harness = GroupHarness()
        #expect(harness.reset()?.refusal == .unknownGroup(GroupHarness.group))
        harness.join("a")
        let records = harness.log.count
        #expect(harness.reset([0, 9])?.refusal == .notRead(GroupHarness.group, GroupHarness.partition(9)))
        #expect(harness.log.count == records)
    }

    @Test func resetRevokesOnlyWhatItTouchesAndGivesItBack() {
        var harness = pair()
        let epochs = (0..<4).map { harness.epoch($0) }
        harness.start = Offset(2)
        #expect(harness.reset([0], to: .offset(Offset(2)))?.reset == [0: 2])
        let heard = harness.heard("a")
        #expect(heard.compactMap(\.revoked) == [[0: .reset]])
        #expect(heard.compactMap(\.assigned) == [[0: 2]])
        #expect(harness.heard("b").isEmpty)
        #expect(harness.committed(0) == 2)
        #expect((1..<4).map { harness.epoch($0) } == Array(epochs[1...]))
        // What was read before may not undo it.
        guard case .fenced = harness.commit("a", 0, 10, epoch: epochs[0]) else {
            return #expect(Bool(false), "an old commit landed")
        }
        #expect(harness.deliver("a", 0, to: 4) == true)
        #expect(harness.commit("a", 0, 3) == .committed(Offset(3)))
        #expect(harness.logTellsState)
        harness.crash()
        #expect(harness.committed(0) == 3)
    }

    @Test func theResetAsksForItsOffsetsLikeAStart() {
        var harness = pair()
        harness.start = nil
        let time = StartPosition.time(Timestamp(millisecondsSinceEpoch: 7))
        #expect(harness.reset([1, 3], to: time) == nil)
        let requests = harness.outcome.resolveStart
        #expect(requests.map(\.position) == [time])
        #expect(requests.flatMap(\.partitions).map(\.partition.partition.value) == [1, 3])
        // Until the answer comes, everything goes on.
        #expect(harness.commit("a", 1, 7) == .committed(Offset(7)))
        let offsets = [
            ResolvedStart(partition: GroupHarness.partition(1), topicID: GroupHarness.ordersID, offset: Offset(1)),
            // This partition's topic is another one by now: nothing is done to it.
            ResolvedStart(partition: GroupHarness.partition(3), topicID: TopicID(high: 9, low: 9), offset: .zero),
        ]
        let answer = StartResolution(group: GroupHarness.group, offsets: offsets, reset: requests.first?.reset)
        #expect(harness.apply(.startResolved(answer))?.reset == [1: 1, 3: -1])
        #expect(harness.committed(1) == 1)
        #expect(harness.committed(3) == 5)
        harness.apply(.startResolved(answer))
        #expect(harness.outcome.isEmpty)
    }

    @Test func dryRunTellsAndDoesNothing() {
        var harness = pair()
        let records = harness.log.count
        let reply = harness.reset(isDryRun: true)
        #expect(reply?.reset == [0: 0, 1: 0, 2: 0, 3: 0])
        guard case .reset(let results) = reply else { return }
        #expect(results.map(\.from) == Array(repeating: Offset(5), count: 4))
        #expect(results.map(\.owner?.value) == ["a", "a", "b", "b"])
        #expect(harness.log.count == records)
        #expect(harness.heard("a").isEmpty)
        #expect(harness.committed(0) == 5)
    }

    @Test func whatWasBeingTakenAwayIsFreeAtOnce() {
        var harness = GroupHarness()
        harness.join("a")
        for index in 0..<Int32(4) { harness.deliver("a", index, to: 10) }
        harness.join("b")
        harness.advance(100)
        #expect(harness.state(2)?.phase == .revoking)
        harness.start = Offset(3)
        harness.reset([2], to: .offset(Offset(3)))
        #expect(harness.owner(2) == "b")
        #expect(harness.state(3)?.phase == .revoking)
        #expect(harness.logTellsState)
    }

    @Test func absentStaticMemberKeepsItsPartitionsUnderNewEpochs() {
        var harness = GroupHarness()
        harness.join("a", instance: "pod")
        harness.join("b")
        harness.advance(100)
        let epoch = harness.epoch(0)
        harness.disconnect("a")
        harness.reset([0], to: .earliest)
        #expect(harness.owner(0) == "a")
        #expect(harness.epoch(0) > epoch)
        harness.reconnect("a")
        #expect(harness.deliverable("a") == [0, 1])
    }

    @Test func groupsWithoutMembersAreReset() {
        var harness = pair()
        harness.leave("a")
        harness.leave("b")
        harness.start = Offset(8)
        #expect(harness.reset([1], to: .latest)?.reset == [1: 8])
        harness.join("c")
        #expect(harness.heard("c").compactMap(\.assigned).first?[1] == 8)
    }

    @Test func waitingResetsAreBounded() {
        var configuration = GroupConfiguration.withoutFirstDebounce
        configuration.resetsPerGroupMax = 1
        var harness = GroupHarness(configuration: configuration)
        harness.join("a")
        harness.start = nil
        harness.reset()
        #expect(harness.reset()?.refusal == .tooManyResets(max: 1))
    }
}
