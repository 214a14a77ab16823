import NIOCore
import RecordFormat
import SystemPackage

/// A partition's sealed segments, all of them flushed, in order and without holes.
///
/// Replaced as a whole, and only through `PartitionLog.changeManifest`. It names its partition, so that one that was put
/// into a neighbour's directory is noticed.
///
/// ```
///  0 16  topic id
/// 16  4  partition
/// 20  4  0
/// 24  8  log start offset
/// 32  8  compacted below  history is incomplete below this offset; 0 when nothing was compacted
/// 40  8  compacted to     where the next compaction begins to look for newer values
/// 48  8  end              where the active segment begins
/// 56  8  next generation  the number that the next compaction takes
/// 64  4  number of epochs, then an EpochStart each
///     4  number of segments, then a SealedSegment each
///     4  number of retired files, then for each: base offset 8, generation 8
///     4  number of removals of tombstones, then for each: generation 8, offset below which they stood 8
/// ```
struct Manifest: Hashable, Sendable {
    var logStart = Offset.zero
    /// History is incomplete below: a record there, or the version before one, was removed by compaction.
    var compactedBelow = Offset.zero
    /// Below it no key has two records; the next compaction looks for newer values from here on.
    var compactedTo = Offset.zero
    /// Where the active segment begins, also when no sealed one is left.
    var end = Offset.zero
    var nextGeneration: UInt64 = 1
    var epochs: [EpochStart] = []
    var sealed: [SealedSegment] = []
    /// Files that no reader finds any more, and that are not unlinked yet.
    var retired: [SegmentID] = []
    /// Which tombstones compactions have removed.
    var removedTombstones = RemovedTombstones()

    static let fileName = "manifest"

    func encoded(directory: [UInt8], key: PartitionKey) -> ByteBuffer {
        var body = ByteBuffer()
        body.writePartitionKey(key)
        body.writeMultipleIntegers(logStart.value, compactedBelow.value, compactedTo.value, end.value, nextGeneration)
        body.writeInteger(UInt32(epochs.count))
        for epoch in epochs { epoch.encode(into: &body) }
        body.writeInteger(UInt32(sealed.count))
        for segment in sealed { segment.encode(into: &body) }
        body.writeInteger(UInt32(retired.count))
        for file in retired { body.writeMultipleIntegers(file.base.value, file.generation) }
        removedTombstones.encode(into: &body)
        return SealedFile.encode(.manifest, directory: directory, body: body)
    }

    init() {}

    /// - Throws: `corrupt` with the place, also when it is another partition's; `foreign` when another directory's.
    init(decoding file: ByteBuffer, directory: [UInt8], key: PartitionKey, path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.manifest, file, directory: directory, path: path).body
        func damaged(_ reason: String) -> StorageError { .corrupt(path: path, position: .zero, reason: reason) }
        guard let owner = body.readPartitionKey() else { throw damaged("the body is too short") }
        guard owner == key else { throw damaged("it is that of partition \(owner)") }
        guard
            let (start, compactedBelow, compactedTo, end, generation) = body.readMultipleIntegers(
                as: (Int64, Int64, Int64, Int64, UInt64).self
            ), start >= 0, compactedBelow >= 0, compactedTo >= 0, end >= 0
        else { throw damaged("the body is too short") }
        logStart = Offset(start)
        self.compactedBelow = Offset(compactedBelow)
        self.compactedTo = Offset(compactedTo)
        self.end = Offset(end)
        nextGeneration = generation
        epochs = try Self.rows(&body, damaged) { EpochStart(decoding: &$0) }
        sealed = try Self.rows(&body, damaged) { SealedSegment(decoding: &$0) }
        retired = try Self.rows(&body, damaged) { SegmentID(decoding: &$0) }
        guard let removed = RemovedTombstones(decoding: &body) else { throw damaged("the removals are damaged") }
        removedTombstones = removed
        if let problem { throw damaged(problem) }
    }

    private static func rows<Row>(
        _ body: inout ByteBuffer,
        _ damaged: (String) -> StorageError,
        _ read: (inout ByteBuffer) -> Row?
    ) throws(StorageError) -> [Row] {
        guard let count = body.readInteger(as: UInt32.self) else { throw damaged("the body is too short") }
        var rows: [Row] = []
        for _ in 0..<count {
            guard let row = read(&body) else { throw damaged("row \(rows.count) of \(count) is damaged") }
            rows.append(row)
        }
        return rows
    }

    /// What is wrong with the list: each segment begins where the one before ends, the last one ends at `end`.
    private var problem: String? {
        for (one, next) in zip(sealed, sealed.dropFirst()) where next.base != one.end {
            return "segment \(next.base) does not begin where the one before ends, at \(one.end)"
        }
        if let last = sealed.last, last.end != end { return "the last segment ends at \(last.end), not at \(end)" }
        return nil
    }
}

/// The identity of a segment's files in its partition.
struct SegmentID: Hashable, Sendable {
    let base: Offset
    /// 0 as it was written; n made by the compaction that took number n.
    let generation: UInt64

    init(base: Offset, generation: UInt64) {
        self.base = base
        self.generation = generation
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let (base, generation) = buffer.readMultipleIntegers(as: (Int64, UInt64).self), base >= 0 else {
            return nil
        }
        self.init(base: Offset(base), generation: generation)
    }

    /// The directory of its files below the partition's.
    func directory(in partition: FilePath) -> FilePath {
        generation == 0 ? partition : partition.appending("g\(generation)")
    }
}

extension SealedSegment {
    var id: SegmentID { SegmentID(base: base, generation: generation) }
}
