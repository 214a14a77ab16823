import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct ReplayTests {
    private func pair() -> GroupHarness {
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        return harness
    }

    @Test func membersThatComeBackKeepWhatTheyHad() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 4)
        let epochs = (0..<4).map { harness.epoch($0) }
        harness.crash(after: 3_000)
        #expect(harness.description?.members.map(\.connection) == [nil, nil])
        harness.reconnect("b")
        harness.advance(5_000)
        #expect(harness.owner(0) == "a")
        harness.reconnect("a")
        harness.advance(1_000)
        #expect(harness.deliverable("a") == [0, 1])
        #expect(harness.deliverable("b") == [2, 3])
        #expect((0..<4).map { harness.epoch($0) } == epochs)
        #expect(harness.heard("a").map(\.assigned) == [[0: 4, 1: 0]])
    }

    @Test func aShortCommitTimeoutTakesNothingFromThoseWhoMayComeBack() {
        var harness = GroupHarness()
        harness.join("a", commitTimeoutMilliseconds: 1_000)
        harness.join("b")
        harness.advance(100)
        let epochs = (0..<4).map { harness.epoch($0) }
        harness.crash()
        harness.reconnect("b")
        harness.advance(9_000)
        #expect(harness.state(0)?.phase == .owned)
        harness.reconnect("a")
        harness.advance(5_000)
        #expect((0..<4).map { harness.epoch($0) } == epochs)
        #expect(harness.deliverable("a") == [0, 1])
    }

    @Test func newcomersWaitForThoseWhoMayComeBack() {
        var harness = pair()
        harness.crash()
        harness.join("c")
        #expect(harness.deliverable("c").isEmpty)
        harness.reconnect("a")
        harness.reconnect("b")
        harness.advance(100)
        #expect(["a", "b", "c"].map { harness.deliverable($0).count }.sorted() == [1, 1, 2])
    }

    @Test func thoseWhoDoNotComeBackDrainForTheCommitTimeout() {
        var harness = pair()
        harness.crash()
        harness.reconnect("b")
        harness.advance(10_000)
        // What was delivered to a is unknown, so its partitions wait out the commit timeout.
        #expect(harness.owner(0) == "a")
        #expect(harness.state(0)?.phase == .draining)
        #expect(harness.description?.members.map(\.id) == [MemberID("b")])
        harness.advance(50_000)
        #expect(harness.deliverable("b") == [0, 1, 2, 3])
        #expect(harness.logTellsState)
    }

    @Test func drainingDeadlineSurvivesRestarts() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.disconnect("a")
        for _ in 0..<5 {
            harness.crash(after: 11_000)
            harness.reconnect("b")
        }
        #expect(harness.owner(0) == "a")
        harness.advance(5_000)
        #expect(harness.owner(0) == "b")
    }

    @Test func epochsNeverGoBack() {
        var harness = pair()
        var last = (0..<4).map { harness.epoch($0) }.max() ?? 0
        for round in 0..<4 {
            harness.crash()
            harness.advance(70_000)
            harness.join("c\(round)")
            let lowest = (0..<4).map { harness.epoch($0) }.min() ?? 0
            #expect(lowest > last)
            last = (0..<4).map { harness.epoch($0) }.max() ?? 0
        }
    }

    @Test func compactedLogTellsTheSame() {
        var harness = pair()
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 10)
        harness.join("s", instance: "pod")
        harness.advance(100)
        harness.deliver("b", 2, to: 5)
        harness.disconnect("b")
        #expect(harness.logTellsState)
        // Compaction leaves the latest of each key, in an order that has nothing to do with the first.
        let kept = compacted(harness.log).map { GroupRecord(key: $0, value: $1) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let shard = GroupHarness.replayed(kept, configuration: harness.shard.configuration, now: harness.now)
        #expect(compacted(shard.allRecords()) == compacted(harness.log))
    }

    @Test func replayReportsWhatItDoesNotKnow() {
        var shard = GroupShard(configuration: GroupConfiguration())
        let now = GroupHarness().now
        #expect(throws: GroupRecordError.self) { try shard.replay(key: [0x7F, 0xFF], value: nil, now: now) }
        let key = GroupRecordKey.group(GroupHarness.group).encoded
        #expect(throws: GroupRecordError.self) { try shard.replay(key: key, value: [0, 9], now: now) }
    }
}
