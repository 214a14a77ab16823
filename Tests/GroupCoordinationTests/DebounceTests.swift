import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct DebounceTests {
    @Test func firstJoinerOfAnEmptyGroupWaitsOnlyTheDebounce() {
        var harness = GroupHarness(configuration: GroupConfiguration())
        harness.join("a")
        #expect(harness.heard("a").isEmpty)
        harness.advance(99)
        #expect(harness.deliverable("a").isEmpty)
        harness.advance(1)
        #expect(harness.heard("a").map(\.assigned) == [[0: 0, 1: 0, 2: 0, 3: 0]])
    }

    @Test func workersThatStartTogetherShareWithoutAMove() {
        var harness = GroupHarness(partitions: 12, configuration: GroupConfiguration())
        for name in ["a", "b", "c"] {
            harness.join(name)
            harness.advance(20)
        }
        harness.advance(100)
        #expect(harness.shard.table[GroupHarness.group]?.lastPartitionEpoch == PartitionEpoch(12))
        #expect(["a", "b", "c"].map { harness.deliverable($0).count } == [4, 4, 4])
    }

    @Test func stormThatGoesOnIsAbsorbedPieceByPiece() {
        var harness = GroupHarness(partitions: 8, configuration: GroupConfiguration())
        for member in 0..<8 {
            harness.join("m\(member)")
            harness.advance(60)
        }
        harness.advance(100)
        #expect((0..<8).allSatisfy { harness.deliverable("m\($0)").count == 1 })
    }

    @Test func whatBecomesFreeDuringAStormWaitsForIt() {
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b")
        harness.advance(100)
        harness.join("c")
        harness.leave("a")
        #expect(harness.deliverable("b") == [2, 3])
        #expect(harness.owner(0) == nil)
        harness.advance(100)
        #expect(harness.deliverable("b") == [2, 3])
        #expect(harness.deliverable("c") == [0, 1])
    }
}
