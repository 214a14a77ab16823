import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage

@testable import SegmentStore

/// What a partition should hold, worked out the slow and simple way: every record ever appended, and what each compaction
/// should have made of them.
struct CompactionModel {
    struct Entry: Equatable {
        let offset: Int64
        let key: String?
        let value: String?
        /// The base offset of its batch.
        let batch: Int64
    }

    /// All records ever appended; the index is the offset.
    private(set) var appended: [Entry] = []
    /// Offsets of those that should be there.
    private(set) var present: Set<Int64> = []
    /// The time after which a batch's tombstones may go.
    private var horizons: [Int64: Timestamp] = [:]
    /// Tombstones that went because their time had come.
    private var expired: Set<Int64> = []
    private(set) var compactedBelow: Int64 = 0
    private(set) var compactedTo: Int64 = 0

    mutating func append(_ records: [(key: String?, value: String?)]) {
        let base = Int64(appended.count)
        for (index, record) in records.enumerated() {
            let entry = Entry(offset: base + Int64(index), key: record.key, value: record.value, batch: base)
            appended.append(entry)
            present.insert(entry.offset)
        }
    }

    mutating func compact(to end: Int64, now: Timestamp, tombstoneMilliseconds: Int64) {
        var last: [String: Int64] = [:]
        for entry in appended where entry.offset < end && present.contains(entry.offset) {
            if let key = entry.key { last[key] = entry.offset }
        }
        for entry in appended where entry.offset < end && present.contains(entry.offset) {
            guard let key = entry.key, let newest = last[key] else { continue }
            if entry.offset < newest {
                present.remove(entry.offset)
                compactedBelow = max(compactedBelow, newest + 1)
            } else if entry.value == nil, entry.offset < compactedTo, let horizon = horizons[entry.batch],
                horizon <= now
            {
                present.remove(entry.offset)
                expired.insert(entry.offset)
                compactedBelow = max(compactedBelow, entry.offset + 1)
            }
        }
        for entry in appended where entry.batch < end && present.contains(entry.offset) && entry.value == nil {
            guard horizons[entry.batch] == nil else { continue }
            horizons[entry.batch] = now.advanced(byMilliseconds: tombstoneMilliseconds)
        }
        compactedTo = max(compactedTo, end)
    }

    /// The version before a record.
    func previous(of offset: Int64) -> PreviousVersion {
        let key = appended[Int(offset)].key
        guard let key, let before = appended[..<Int(offset)].last(where: { $0.key == key }) else { return .none }
        return expired.contains(before.offset) ? .none : .removed(Offset(before.offset))
    }

    /// The newest record of each key.
    var newest: [String: Entry] {
        var newest: [String: Entry] = [:]
        for entry in appended { if let key = entry.key { newest[key] = entry } }
        return newest
    }

    /// Compares a partition with all of it.
    ///
    /// - Parameter allowsUnknown: a compaction was interrupted, or a versions file is gone, so that versions may be forgotten.
    func differences(from log: PartitionLog, allowsUnknown: Bool = false) throws -> [String] {
        var wrongs: [String] = []
        let found = try Self.records(of: log)
        let expected = appended.filter { present.contains($0.offset) }
        if found.map(\.offset) != expected.map(\.offset) {
            wrongs.append("found the offsets \(found.map(\.offset)), not \(expected.map(\.offset))")
        }
        wrongs += foreign(found)
        if log.compactedBelow.value != compactedBelow {
            wrongs.append("history counts as incomplete below \(log.compactedBelow), not \(compactedBelow)")
        }
        return wrongs + (try wrongVersions(of: found, below: compactedTo, in: log, allowsUnknown))
    }

    private func wrongVersions(
        of found: [Entry],
        below end: Int64,
        in log: PartitionLog,
        _ allowsUnknown: Bool
    ) throws -> [String] {
        try found.compactMap { entry in
            guard entry.offset < end else { return nil }
            let previous = try log.previousVersion(of: Offset(entry.offset))
            let expected = self.previous(of: entry.offset)
            let isForgotten = allowsUnknown && previous == .unknown && entry.offset < log.compactedBelow.value
            return previous == expected || isForgotten ? nil : "before \(entry.offset): \(previous), not \(expected)"
        }
    }

    /// What must hold at any moment, also when a compaction was interrupted half way.
    func violations(by log: PartitionLog, allowsUnknown: Bool = false) throws -> [String] {
        let found = try Self.records(of: log)
        var wrongs = foreign(found)
        let offsets = Set(found.map(\.offset))
        for entry in newest.values where entry.value != nil && !offsets.contains(entry.offset) {
            wrongs.append("the newest value of \(entry.key ?? ""), at \(entry.offset), is gone")
        }
        for entry in appended where entry.key == nil && !offsets.contains(entry.offset) {
            wrongs.append("\(entry.offset) without a key is gone")
        }
        for entry in appended where entry.offset >= log.compactedBelow.value && !offsets.contains(entry.offset) {
            wrongs.append("\(entry.offset) is gone, and history counts as complete from \(log.compactedBelow)")
        }
        let compacted = log.state.withLock { $0.manifest.compactedTo.value }
        return wrongs + (try wrongVersions(of: found, below: compacted, in: log, allowsUnknown))
    }

    /// Records that were not appended like that.
    private func foreign(_ found: [Entry]) -> [String] {
        found.compactMap { entry in
            let isKnown = entry.offset < appended.count && appended[Int(entry.offset)] == entry
            return isKnown ? nil : "nobody appended \(entry)"
        }
    }

    /// Every record of a log, in the order of reading.
    static func records(of log: PartitionLog, from start: Int64? = nil, bytesMax: Int = 300) throws -> [Entry] {
        let marks = log.watermarks
        var next = start.map { Offset($0) } ?? marks.logStart.offset
        var found: [Entry] = []
        while next < marks.visible.offset {
            let slice = try log.read(from: next, bytesMax: ByteCount(bytesMax))
            for batch in slice.batches where !batch.isControl {
                for record in try batch.decodedRecords() where record.offset >= next {
                    let key = record.key.map { String(buffer: $0) }
                    let value = record.value.map { String(buffer: $0) }
                    let offset = record.offset.value
                    found.append(Entry(offset: offset, key: key, value: value, batch: batch.baseOffset.value))
                }
            }
            guard slice.next > next else { break }
            next = slice.next
        }
        return found
    }
}

/// A store whose first partition is compacted, and the model beside it.
struct CompactedStore {
    var test: TestStore
    var model = CompactionModel()
    /// The time of the next compaction; all segments of the tests are sealed at the same earlier moment.
    var now = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000 + 3_600_000)
    var policy: CompactionPolicy

    init(_ fileSystem: SimulatedFileSystem = SimulatedFileSystem()) throws {
        test = try TestStore(fileSystem)
        policy = CompactionPolicy()
        policy.dirtyPercentMin = 0
        policy.tombstoneMilliseconds = 1000
    }

    var log: PartitionLog { get throws { try test.log() } }

    /// Appends one batch.
    mutating func append(_ records: [(key: String?, value: String?)], codec: Codec = .none) throws {
        let append = PartitionAppend(key: TestStore.key, batches: [try Self.batch(records, codec)])
        if test.store.checkpointUrgency == .mustWait { try test.checkpoint() }
        guard case .committed? = try test.store.commit([CommitRequest(appends: [append])]).first else {
            throw Refused()
        }
        model.append(records)
    }

    struct Refused: Error {}

    static func batch(_ records: [(key: String?, value: String?)], _ codec: Codec) throws -> RecordBatch {
        var builder = RecordBatchBuilder()
        for record in records {
            builder.append(
                DecodedRecord(
                    offset: .zero,
                    timestamp: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000),
                    key: record.key.map { ByteBuffer(string: $0) },
                    value: record.value.map { ByteBuffer(string: $0) },
                    headers: []
                )
            )
        }
        return try builder.finish(codec: codec)
    }

    /// One record of filling, so that what came before lies in a sealed segment, and a checkpoint.
    mutating func seal() throws {
        for _ in 0..<3 { try append([("filling", String(repeating: "f", count: 600))]) }
        try test.checkpoint()
    }

    /// Compacts, and lets the model follow.
    mutating func compact(throttle: @escaping CompactionThrottle = { _ in true }) throws -> CompactionOutcome {
        let outcome = try test.store.compact(TestStore.key, policy: policy, now: now, throttle: throttle)
        if case .compacted(let report) = outcome {
            model.compact(to: report.to.value, now: now, tombstoneMilliseconds: policy.tombstoneMilliseconds)
        }
        return outcome
    }

    /// Files of the partition that neither its manifest nor its active segment accounts for.
    func strangers() throws -> [String] {
        let log = try log
        let ids = log.state.withLock { state in
            Set(state.sealed.map(\.facts.id) + state.manifest.retired + [state.active?.id].compactMap { $0 })
        }
        let known = Set(ids.flatMap { Segment($0, partition: log.directory, fileSystem: log.fileSystem).paths })
        let prefix = log.directory.string + "/"
        return test.fileSystem.paths.filter { path in
            path.hasPrefix(prefix) && !path.hasSuffix("/") && !path.hasSuffix("/manifest")
                && !path.hasSuffix(".snapshot") && !path.hasSuffix(".snapshot.new")
                && !path.hasSuffix("/manifest.new") && !path.hasSuffix("/spare.log") && !known.contains(FilePath(path))
        }
    }
}
