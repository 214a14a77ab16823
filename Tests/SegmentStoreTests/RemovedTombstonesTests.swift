import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Who must read a log anew because compaction has removed tombstones, and that nobody else has to.
@Suite struct RemovedTombstonesTests {
    // MARK: The mark

    @Test func onlyWhoStoodBelowAndBeganBeforeMayMissOne() {
        var removed = RemovedTombstones()
        #expect(!removed.mayBeMissed(beyond: .zero, since: 1))
        removed.note(below: Offset(10), by: 3)
        #expect(removed.mayBeMissed(beyond: Offset(9), since: 3))
        #expect(!removed.mayBeMissed(beyond: Offset(10), since: 1))
        #expect(!removed.mayBeMissed(beyond: .zero, since: 4))
    }

    /// What a later compaction removes below an already higher offset counts for those who stand below it, and for no others.
    @Test func aRemovalBelowAnEarlierOneCounts() {
        var removed = RemovedTombstones()
        removed.note(below: Offset(1000), by: 3)
        removed.note(below: Offset(10), by: 5)
        #expect(removed.mayBeMissed(beyond: Offset(5), since: 4))
        #expect(!removed.mayBeMissed(beyond: Offset(500), since: 4))
        #expect(removed.mayBeMissed(beyond: Offset(500), since: 3))
    }

    @Test func randomRemovalsAreRememberedAsAListOfThemWouldBe() {
        let seed = Seed.chosen()
        print("randomRemovalsAreRememberedAsAListOfThemWouldBe: MILLRACE_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<30 {
            var (removed, all) = (RemovedTombstones(), [(generation: UInt64, below: Int64)]())
            for generation in 1...20 as ClosedRange<UInt64> {
                for _ in 0..<random.below(3) {
                    let below = Int64(1 + random.below(40))
                    removed.note(below: Offset(below), by: generation)
                    all.append((generation, below))
                }
                #expect(removed.rows.count <= RemovedTombstones.rowsMax)
                for _ in 0..<20 {
                    let (version, since) = (Int64(random.below(41)), UInt64(1 + random.below(21)))
                    let expected = all.contains { version < $0.below && since <= $0.generation }
                    let found = removed.mayBeMissed(beyond: Offset(version), since: since)
                    // Rows that were drawn together may cost a reading, and never miss anything.
                    let isExact = all.count <= RemovedTombstones.rowsMax
                    #expect(isExact ? found == expected : found || !expected, "MILLRACE_SEED=\(seed)")
                }
            }
        }
    }

    @Test func itIsReadBackAsItWasWritten() throws {
        var removed = RemovedTombstones()
        for row in 1...7 { removed.note(below: Offset(Int64(100 - row)), by: UInt64(row)) }
        var bytes = ByteBuffer()
        removed.encode(into: &bytes)
        #expect(bytes.readableBytes == 4 + 7 * 16)
        for count in 0..<bytes.readableBytes {
            var cut = try #require(bytes.getSlice(at: 0, length: count))
            #expect(RemovedTombstones(decoding: &cut) == nil)
        }
        #expect(RemovedTombstones(decoding: &bytes) == removed)
    }

    /// A manifest of the layout before does not say what was removed, and is refused by name.
    @Test func aManifestOfTheLayoutBeforeIsRefused() throws {
        let test = try TestStore()
        try test.log().changeManifest { $0.logStart = .zero }
        let path = try test.log().directory.appending(Manifest.fileName)
        try test.store.close()
        let fileSystem = SimulatedFileSystem(test.fileSystem.image)
        var bytes = try fileSystem.contents(of: path)
        #expect(Array(bytes[8..<12]) == [0, 0, 0, 4])
        bytes[11] = 3
        try fileSystem.replaceContents(of: path, with: bytes)
        do {
            _ = try TestStore(fileSystem)
            Issue.record("a manifest of version 3 was taken")
        } catch StorageError.olderFormat(path: let found, found: 3, supported: 4) {
            #expect(found == path)
        }
    }

    // MARK: Readers beside a compaction

    /// Readers who take a step at any moment of a compaction, also between two of its switches, or come back after many,
    /// have the state when they are at the end; who has begun since the last compaction's first switch need not begin anew.
    @Test func readersBesideCompactionsHaveTheState() async throws {
        let wrongs = try await onItsOwnThread {
            let lives = try (1...2).map { try Self.live(seed: $0) }
            let overtaken = lives.reduce(0) { $0 + $1.discards }
            return lives.flatMap(\.wrongs) + (overtaken > 0 ? [] : ["nobody was overtaken, and nothing is shown"])
        }
        #expect(wrongs == [])
    }

    private static func live(seed: UInt64) throws -> (wrongs: [String], discards: Int) {
        var store = try CompactedStore()
        let readers = Readers(count: 6, seed: seed, log: try store.log)
        var random = SplitMix64(seed: seed &* 77)
        var wrongs: [String] = []
        for step in 0..<70 where wrongs.isEmpty {
            switch random.below(100) {
            case ..<60: try append(to: &store, &random)
            case ..<72: try store.test.checkpoint()
            case ..<94:
                store.policy.mapBytesMax = ByteCount([300, 1 << 20, 1 << 20][random.below(3)])
                store.now = store.now.advanced(byMilliseconds: Int64(random.below(1500)))
                readers.stepsLeft = random.chance(percent: 20) ? random.below(60) : .max
                _ = try store.compact { _ in readers.stepSome() }
            default:
                store.test = try store.test.killed()
                readers.log = try store.log
            }
            readers.stepSome()
            wrongs += readers.wrongs.map { "seed \(seed), step \(step): \($0)" }
            wrongs += readers.differences(from: store.model).map { "seed \(seed), step \(step): \($0)" }
        }
        readers.finish()
        wrongs += readers.wrongs + readers.differences(from: store.model).map { "seed \(seed), at the end: \($0)" }
        return (wrongs, readers.discards)
    }

    /// Most keys are deleted at some time, and many never come back.
    private static func append(to store: inout CompactedStore, _ random: inout SplitMix64) throws {
        let filling = String(repeating: "f", count: 150)
        let records: [(key: String?, value: String?)] = (0..<1 + random.below(4)).map { _ in
            let key = "k\(store.model.appended.count / 25).\(random.below(6))"
            return (key, random.chance(percent: 40) ? nil : "\(random.below(1000))\(filling)")
        }
        try store.append(records)
    }
}

/// Readers who remember keys, each at a place of its own; all of them on the thread of the test.
private final class Readers {
    private struct Reader {
        var version = Offset.zero
        var begun: UInt64
        var keys: [String: Int64] = [:]
    }

    var log: PartitionLog
    /// After so many more steps a compaction is ended.
    var stepsLeft = Int.max
    private(set) var wrongs: [String] = []
    private(set) var discards = 0
    private var readers: [Reader]
    private var random: SplitMix64

    init(count: Int, seed: UInt64, log: PartitionLog) {
        self.log = log
        random = SplitMix64(seed: seed)
        readers = Array(repeating: Reader(begun: log.nextGeneration), count: count)
    }

    /// Lets some take a step; false when it is time to end a compaction.
    @discardableResult
    func stepSome() -> Bool {
        // The higher ones come back seldom.
        for index in readers.indices where random.below(1 + index * index) == 0 { step(index, bytes: 300) }
        stepsLeft -= 1
        return stepsLeft > 0
    }

    func finish() {
        for index in readers.indices {
            while readers[index].version < log.watermarks.visible.offset, wrongs.isEmpty { step(index, bytes: 3000) }
        }
    }

    private func step(_ index: Int, bytes: Int) {
        let from = readers[index].version
        guard let slice = try? log.read(from: from, bytesMax: ByteCount(bytes)) else {
            return wrongs.append("reader \(index) cannot read from \(from)")
        }
        if log.removedTombstones.mayBeMissed(beyond: from, since: readers[index].begun) {
            if readers[index].begun == log.nextGeneration {
                wrongs.append("reader \(index) is to begin anew for nothing")
            }
            readers[index] = Reader(begun: log.nextGeneration)
            discards += 1
            return
        }
        for record in slice.batches.flatMap({ (try? $0.decodedRecords()) ?? [] }) where record.offset >= from {
            guard let key = record.key.map({ String(buffer: $0) }) else { continue }
            readers[index].keys[key] = record.value == nil ? nil : record.offset.value
        }
        readers[index].version = slice.next
    }

    /// What those who are at the end believe, and is not so.
    func differences(from model: CompactionModel) -> [String] {
        let end = Int64(model.appended.count)
        let state = model.newest.filter { $0.value.value != nil }.mapValues(\.offset)
        return readers.enumerated().compactMap { index, reader in
            guard reader.version.value == end, reader.keys != state else { return nil }
            let ghosts = reader.keys.filter { state[$0.key] != $0.value }
            return "reader \(index), begun at \(reader.begun), has \(ghosts) instead of \(state)"
        }
    }
}
