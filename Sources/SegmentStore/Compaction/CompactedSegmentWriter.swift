import NIOCore
import RecordFormat

/// Writes one segment of a compaction: its log, its index, and the versions before its records.
struct CompactedSegmentWriter {
    private let id: SegmentID
    private let end: Offset
    private let log: PartitionLog
    private let file: any StoreFile
    private var versions: VersionsWriter
    private var index = OffsetIndex()
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
        file = try log.fileSystem.open(directory.appending(SegmentName.log(id.base)), .create)
        versions = try VersionsWriter(creating: id, end: end, in: log)
    }

    /// Adds a batch with its offsets as they are.
    mutating func append(
        _ batch: RecordBatch,
        previous: [VersionEntry],
        isSurvivor: Bool
    ) throws(FileError) {
        index.note(lastOffset: batch.lastOffset, base: id.base, position: position)
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

    /// Flushes the segment, and gives its facts.
    ///
    /// The index is not flushed, as that of any segment: it is no evidence, and the first read that it leads astray builds it
    /// again.
    mutating func finish(sealedAt: Timestamp) throws(FileError) -> SealedSegment {
        try writePending()
        try file.flush(.compactedSegment)
        file.close()
        try versions.finish()
        let indexFile = try log.fileSystem.open(
            id.directory(in: log.directory).appending(SegmentName.index(id.base)),
            .create
        )
        defer { indexFile.close() }
        try indexFile.write(index.encoded(), at: .zero)
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
