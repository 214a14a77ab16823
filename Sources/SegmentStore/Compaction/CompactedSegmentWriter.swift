import NIOCore
import RecordFormat

/// Writes one segment of a compaction: its log, its indexes, and the versions before its records.
struct CompactedSegmentWriter {
    private let id: SegmentID
    private let end: Offset
    private let log: PartitionLog
    private let file: any StoreFile
    private var versions: VersionsWriter
    private var index = OffsetIndex()
    private var times = TimeIndex()
    /// What is not written yet; it ends at `position`.
    private var pending = ByteBuffer()
    private var position = FilePosition.zero
    private var maxTimestamp: Int64 = -1

    /// Bytes that are written at once.
    private static let writeBytes = 1 << 20

    init(creating id: SegmentID, end: Offset, in log: PartitionLog) throws(FileError) {
        self.id = id
        self.end = end
        self.log = log
        let directory = id.directory(in: log.directory)
        if try log.fileSystem.kind(of: directory) == nil { try log.fileSystem.createDirectory(directory) }
        file = try log.fileSystem.openToStay(directory.appending(SegmentName.log(id.base)), .create)
        versions = try VersionsWriter(creating: id, end: end, in: log)
    }

    /// Adds a batch with its offsets as they are.
    mutating func append(
        _ batch: RecordBatch,
        previous: [VersionEntry],
        isSurvivor: Bool
    ) throws(FileError) {
        index.note(lastOffset: batch.lastOffset, base: id.base, position: position)
        let place = SegmentWalk.Place(
            position: position,
            size: batch.encodedBytes,
            last: batch.lastOffset,
            maxTimestamp: batch.maxTimestamp
        )
        _ = times.note(place, base: id.base)
        pending.writeImmutableBuffer(batch.bytes)
        position = position.advanced(by: batch.encodedBytes)
        if isSurvivor { maxTimestamp = max(maxTimestamp, batch.maxTimestamp.millisecondsSinceEpoch) }
        for entry in previous { try versions.append(entry) }
        if pending.readableBytes >= Self.writeBytes { try writePending() }
    }

    private mutating func writePending() throws(FileError) {
        guard pending.readableBytes > 0 else { return }
        try file.write(pending, at: FilePosition(position.value - UInt64(pending.readableBytes)))
        pending.clear()
    }

    private func write(_ content: ByteBuffer, as name: String) throws(FileError) {
        let file = try log.fileSystem.open(id.directory(in: log.directory).appending(name), .create)
        defer { file.close() }
        try file.write(content, at: .zero)
    }

    /// Flushes the segment, and gives its facts.
    ///
    /// The indexes are not flushed, as those of any segment: they are no evidence, and the first read that one leads astray
    /// builds it again.
    mutating func finish(sealedAt: Timestamp) throws(FileError) -> SealedSegment {
        try writePending()
        try file.flush(.compactedSegment)
        file.close()
        try versions.finish()
        try write(index.encoded(), as: SegmentName.index(id.base))
        try write(times.encodedAsSealed(), as: SegmentName.timeIndex(id.base))
        return SealedSegment(
            base: id.base,
            end: end,
            size: position,
            maxTimestamp: maxTimestamp,
            sealedAt: sealedAt,
            generation: id.generation,
            versionsChecksum: versions.checksum
        )
    }
}
