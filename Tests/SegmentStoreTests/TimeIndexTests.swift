import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Seeking by time, against a list of all timestamps.
@Suite struct TimeIndexTests {
    private static func time(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

    private static func batch(_ times: [Int64], valueBytes: Int) -> RecordBatch {
        var builder = RecordBatchBuilder()
        for milliseconds in times {
            builder.append(
                DecodedRecord(
                    offset: .zero,
                    timestamp: time(milliseconds),
                    key: nil,
                    value: ByteBuffer(repeating: 7, count: valueBytes),
                    headers: []
                )
            )
        }
        return builder.finish()
    }

    /// Appends batches of records with these times.
    private static func fill(_ test: TestStore, _ batches: [[Int64]], valueBytes: Int = 10) throws {
        for times in batches {
            if test.store.checkpointUrgency >= .due { try test.checkpoint() }
            let append = PartitionAppend(key: TestStore.key, batches: [batch(times, valueBytes: valueBytes)])
            #expect(try test.store.commit([CommitRequest(appends: [append])]).map(\.isCommitted) == [true])
        }
    }

    private static func wrongs(_ log: PartitionLog, _ times: [Int64], _ why: String) throws -> [String] {
        var wrongs: [String] = []
        let start = Int(log.watermarks.logStart.offset.value)
        for asked in Set(times.flatMap { [$0 - 1, $0, $0 + 1] }).sorted() {
            let expected = times.indices.first { $0 >= start && times[$0] >= asked } ?? times.count
            let found = try log.offset(at: time(asked))
            if found != Offset(Int64(expected)) { wrongs.append("\(why): \(asked) is at \(found), not \(expected)") }
        }
        return wrongs
    }

    @Test func anEntryLeadsBehindTheBatchThatItNames() {
        var index = TimeIndex()
        var position = FilePosition.zero
        for (number, milliseconds) in [Int64(50), 40, 60, 60, 55, 70].enumerated() {
            let place = SegmentWalk.Place(
                position: position,
                size: ByteCount(5000),
                last: Offset(Int64(number)),
                maxTimestamp: Self.time(milliseconds)
            )
            let isNoted = index.note(place, base: .zero)
            #expect(isNoted)
            position = position.advanced(by: ByteCount(5000))
        }
        #expect(index.entries.map(\.timestamp) == [50, 60, 70])
        #expect(index.entries.map(\.relativeOffset) == [0, 2, 5])
        #expect(index.entry(before: Self.time(50)) == nil)
        #expect(index.entry(before: Self.time(51))?.relativeOffset == 0)
        #expect(index.entry(before: Self.time(60))?.relativeOffset == 0)
        #expect(index.entry(before: Self.time(1000))?.relativeOffset == 5)
        #expect(index.encodedAsSealed().readableBytes == 36)
        let late = SegmentWalk.Place(position: .zero, size: ByteCount(1), last: Offset(9), maxTimestamp: Self.time(1))
        let isNoted = index.note(late, base: .zero)
        #expect(!isNoted)
    }

    @Test func aSealedIndexEndsWithTheLargestTimestamp() throws {
        var index = TimeIndex()
        let place = SegmentWalk.Place(
            position: .zero,
            size: ByteCount(10),
            last: Offset(4),
            maxTimestamp: Self.time(9)
        )
        let isNoted = index.note(place, base: Offset(4))
        #expect(isNoted)
        #expect(index.entries.isEmpty)
        let decoded = try #require(TimeIndex(decoding: index.encodedAsSealed()))
        #expect(decoded.entries == [TimeIndexEntry(timestamp: 9, relativeOffset: 0)])
    }

    @Test(arguments: 1...6)
    func everyTimeIsFoundWhateverTheOrder(seed: UInt64) async throws {
        let wrongs = try await onItsOwnThread {
            var random = SplitMix64(seed: seed)
            var test = try TestStore()
            var topic = try #require(test.store.topics().first)
            topic.settings = ["segmentBytesMax": "24576"]
            try test.store.changeTopic(topic)
            var times: [Int64] = []
            var batches: [[Int64]] = []
            for step in 0..<90 {
                let batch = (0..<(1 + random.below(3))).map { _ in Int64(step * 10 + random.below(200)) }
                batches.append(batch)
                times += batch
            }
            try Self.fill(test, batches, valueBytes: 300)
            var wrongs = try Self.wrongs(test.log(), times, "seed \(seed), at once")
            test = try test.killed()
            wrongs += try Self.wrongs(test.log(), times, "seed \(seed), after a kill")
            try test.checkpoint()
            try test.store.close()
            test = try TestStore(test.fileSystem)
            let indexes = test.fileSystem.paths.filter { $0.hasSuffix(".timeindex") }
            if indexes.count < 2 { wrongs.append("seed \(seed): indexes \(indexes)") }
            wrongs += try Self.wrongs(test.log(), times, "seed \(seed), after a stop")
            // Whatever the indexes hold, the answer is the same.
            for path in indexes {
                let size = try test.fileSystem.readWhole(FilePath(path)).readableBytes
                let place = FilePosition(UInt64(random.below(size)))
                try test.fileSystem.flipBit(of: FilePath(path), at: place, bit: random.below(8))
            }
            test = try TestStore(test.fileSystem.afterProcessDeath())
            wrongs += try Self.wrongs(test.log(), times, "seed \(seed), with flipped indexes")
            return wrongs
        }
        #expect(wrongs == [])
    }

    @Test func damageIsFoundWhereTheTimeMayBe() throws {
        let test = try TestStore()
        try Self.fill(test, [[10], [20], [30], [40]])
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        let size = Self.batch([10], valueBytes: 10).encodedBytes.value
        // The value of the third batch.
        try image.flipBit(of: test.segment(), at: FilePosition(UInt64(3 * size - 3)), bit: 1)
        let log = try TestStore(image).log()
        #expect(try log.offset(at: Self.time(15)) == Offset(1))
        #expect(try log.offset(at: Self.time(25)) == Offset(2))
        #expect(throws: StorageError.self) { try log.read(from: Offset(2), bytesMax: ByteCount(1)) }
    }

    @Test func anEmptyLogAndADeletedOneSaySo() throws {
        let test = try TestStore()
        let log = try test.log()
        #expect(try log.offset(at: Self.time(0)) == .zero)
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(throws: StorageError.self) { try log.offset(at: Self.time(0)) }
    }

    @Test func verificationTellsAWrongEntry() throws {
        let test = try TestStore()
        try Self.fill(test, (0..<30).map { [Int64($0)] })
        try test.checkpoint()
        try test.store.close()
        let path = FilePath(test.segment().string.dropLast(4) + ".timeindex")
        try test.fileSystem.flipBit(of: path, at: FilePosition(7), bit: 0)
        let found = try DirectoryInspection(
            StoreWorkload.configuration,
            fileSystem: test.fileSystem.afterProcessDeath()
        )
        .verify { _ in }.findings.filter { $0.path == path }
        #expect(found.count == 1)
        #expect(found.first?.what.hasSuffix("a time that is not the largest up to there") == true)
        #expect(found.first?.bytes == 0..<12)
    }
}
