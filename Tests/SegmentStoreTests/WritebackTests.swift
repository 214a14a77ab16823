import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// What the device is given before a checkpoint flushes it.
@Suite struct WritebackTests {
    private func segment(_ base: Int64) -> Segment {
        Segment(
            SegmentID(base: Offset(base), generation: 0),
            partition: "/data",
            fileSystem: SimulatedFileSystem()
        )
    }

    private func note(_ writeback: Writeback, _ segment: Segment, at position: Int, _ bytes: Int) {
        writeback.noteWritten(segment, at: FilePosition(UInt64(position)), bytes: bytes)
    }

    @Test func stepsAreOfWholeBlocksAndWithinTheBudget() {
        let writeback = Writeback(budgetBytes: ByteCount(20_000), stepBytesMin: 8192, stepBytesMax: 12_288)
        let one = segment(0)
        note(writeback, one, at: 0, 8000)
        #expect(writeback.nextStep() == nil)
        note(writeback, one, at: 8000, 42_000)
        let first = writeback.nextStep()
        #expect(first.map { [$0.position.value, UInt64($0.bytes.value)] } == [0, 12_288])
        // 7,712 bytes of the budget are left, less than a step.
        #expect(writeback.nextStep() == nil)
        #expect(!writeback.hasStep)
        writeback.noteJournalFlush()
        let second = writeback.nextStep()
        #expect(second.map { [$0.position.value, UInt64($0.bytes.value)] } == [12_288, 12_288])
    }

    @Test func filesTakeTurnsAndAreForgottenWhenTheyAreFlushed() {
        let writeback = Writeback(budgetBytes: ByteCount(1 << 20), stepBytesMin: 8192, stepBytesMax: 8192)
        let (one, two) = (segment(0), segment(9))
        note(writeback, one, at: 0, 30_000)
        note(writeback, two, at: 4096, 10_000)
        #expect(writeback.nextStep()?.segment === one)
        #expect(writeback.nextStep()?.segment === two)
        #expect(writeback.nextStep()?.segment === one)
        writeback.forget(one)
        #expect(writeback.nextStep() == nil)
        note(writeback, one, at: 30_000, 9000)
        #expect(writeback.nextStep()?.position == FilePosition(30_000))
    }

    @Test func roundsFeedItAndTheFlusherTakesSteps() throws {
        let fileSystem = SimulatedFileSystem()
        var configuration = StoreWorkload.configuration
        configuration.ringBytes = .mebibytes(8)
        configuration.frameBytesMax = .mebibytes(2)
        configuration.segmentBytesMax = .mebibytes(4)
        let store = try LogStore.open(
            configuration,
            fileSystem: fileSystem,
            wallTime: { .epoch },
            randomBytes: { count in (0..<count).map { UInt8($0) } },
            report: { _ in }
        )
        try store.createTopic(StoredTopic(id: TestStore.topic, name: TopicName(internal: "t"), partitionCount: 1))
        let batch = StoreWorkload.batch([String(repeating: "x", count: 300_000)])
        #expect(try store.startWriteback() == false)
        _ = try store.commit([CommitRequest(appends: [PartitionAppend(key: TestStore.key, batches: [batch])])])
        #expect(store.hasWriteback)
        #expect(try store.startWriteback())
        let call = try #require(fileSystem.calls.last { $0.kind == .startWriteback })
        #expect(call.length?.value == 300_000 / 4096 * 4096)
        // What was started and lost is told by the flush, and ends the store.
        fileSystem.plan(.failure(.ioError)) { $0.kind == .startWriteback }
        _ = try store.commit([CommitRequest(appends: [PartitionAppend(key: TestStore.key, batches: [batch])])])
        #expect(throws: StorageError.self) { try store.startWriteback() }
        #expect(store.hasFailed)
    }
}
