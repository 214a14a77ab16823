import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// The tail in memory: the same bytes as the file, no file touched, bounded, and let go.
@Suite struct TailTests {
    @Test func theTailIsServedWithoutAFile() throws {
        let test = try TestStore()
        for number in 0..<5 { _ = try test.append("value \(number)") }
        let before = test.fileSystem.calls.filter { $0.kind == .read }.count
        #expect(try test.values() == (0..<5).map { "value \($0)" })
        #expect(try test.values(from: 3, bytesMax: 1) == ["value 3", "value 4"])
        #expect(test.fileSystem.calls.filter { $0.kind == .read }.count == before)
    }

    @Test func memoryAndFileSayTheSame() throws {
        let test = try TestStore()
        for number in 0..<9 { _ = try test.append("value \(number)", "more \(number)") }
        let log = try test.log()
        var fromMemory: [RecordBatch] = []
        for start in stride(from: 0, to: 18, by: 2) {
            fromMemory += try log.read(from: Offset(Int64(start)), bytesMax: ByteCount(1)).batches
        }
        log.state.withLock { $0.tail.removeAll(log.health.tails) }
        var fromFile: [RecordBatch] = []
        for start in stride(from: 0, to: 18, by: 2) {
            fromFile += try log.read(from: Offset(Int64(start)), bytesMax: ByteCount(1)).batches
        }
        #expect(fromMemory == fromFile)
        #expect(fromMemory.count == 9)
    }

    @Test func aCheckpointLetsTheTailGo() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        _ = try test.append("b")
        try test.store.complete(checkpoint)
        let log = try test.log()
        #expect(log.state.withLock { $0.tail.batches(from: .zero, bytesMax: 1) } == nil)
        #expect(log.state.withLock { $0.tail.batches(from: Offset(1), bytesMax: 1)?.count } == 1)
        try test.checkpoint()
        #expect(log.state.withLock { $0.tail.bytes } == 0)
        #expect(try test.values() == ["a", "b"])
    }

    @Test func whatACheckpointCoversMayStayForAWhile() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        _ = try test.append("b")
        try test.store.complete(checkpoint, keepsTails: true)
        let log = try test.log()
        #expect(log.state.withLock { $0.tail.batches(from: .zero, bytesMax: 1 << 20)?.count } == 2)
        // What no checkpoint covers stays.
        checkpoint.tails.letGo()
        #expect(log.state.withLock { $0.tail.batches(from: .zero, bytesMax: 1) } == nil)
        #expect(log.state.withLock { $0.tail.batches(from: Offset(1), bytesMax: 1)?.count } == 1)
        #expect(try test.values() == ["a", "b"])
    }

    @Test func whatIsCoveredTakesNoRoomFromWhatIsNot() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let log = try test.log()
        #expect(log.health.tails.take(TailBudget.bytesMax * 3 / 4))
        let checkpoint = try #require(test.store.captureCheckpoint())
        _ = try test.append("b")
        try test.store.complete(checkpoint, keepsTails: true)
        #expect(log.state.withLock { $0.tail.batches(from: .zero, bytesMax: 1) } == nil)
        #expect(log.state.withLock { $0.tail.batches(from: Offset(1), bytesMax: 1)?.count } == 1)
    }

    @Test func oneTailAndAllTailsAreBounded() {
        let budget = TailBudget(bytesMax: 3000)
        func batch(_ base: Int64, _ size: Int) -> RecordBatch {
            var batch = StoreWorkload.batch([String(repeating: "t", count: size)])
            batch.stamp(baseOffset: Offset(base), leaderEpoch: LeaderEpoch(1))
            return batch
        }
        var first = TailBatches()
        var second = TailBatches()
        for base in 0..<4 { first.append([batch(Int64(base), 300)], budget) }
        for base in 0..<4 { second.append([batch(Int64(base), 900)], budget) }
        #expect(first.bytes + second.bytes <= 3000)
        #expect(first.batches(from: .zero, bytesMax: 1 << 20)?.count == 4)
        first.removeAll(budget)
        second.removeAll(budget)
        #expect(budget.take(3000))
        #expect(!budget.take(1))
        budget.give(3000)
        var large = TailBatches()
        let wide = TailBudget()
        for base in 0..<40 { large.append([batch(Int64(base), 60_000)], wide) }
        #expect(large.bytes <= TailBatches.bytesMax)
        #expect(large.batches(from: .zero, bytesMax: 1) == nil)
        #expect(large.batches(from: Offset(39), bytesMax: 1)?.first?.baseOffset == Offset(39))
        // A batch that is left out leaves no hole.
        large.append([batch(41, 10)], wide)
        #expect(large.batches(from: Offset(39), bytesMax: 1) == nil)
        #expect(large.batches(from: Offset(41), bytesMax: 1)?.count == 1)
        large.removeAll(below: Offset(42), wide)
        #expect(wide.take(TailBudget.bytesMax))
    }

    @Test func aDeletedTopicGivesItsTailBack() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let log = try test.log()
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(log.state.withLock { $0.tail.bytes } == 0)
        #expect(log.health.tails.take(TailBudget.bytesMax))
    }
}
