import NIOCore

/// One Kafka record batch v2, byte for byte: the unit that is appended, stored and read.
///
/// The layout is drawn at ``BatchHeader``. A value of this type has passed ``init(verifying:)`` or was made by
/// ``RecordBatchBuilder``, so its header may be trusted; the records inside are checked as they are walked.
public struct RecordBatch: Hashable, Sendable {
    /// Exactly the batch: the 61-byte header and the records.
    public private(set) var bytes: ByteBuffer

    /// Takes bytes that must be exactly one intact batch.
    ///
    /// Checked: the length, the version, the CRC-32C, that the codec is one of Kafka's, that the record count is
    /// positive and at most one more than the last offset delta, and that the offsets are possible. Costs one pass over
    /// the bytes. The records are not walked: ``verifyRecords(inflatedBytesMax:)`` does that. A batch that compaction
    /// made has gaps between its offsets; one that a producer sends must not: ``verifyDense()``.
    public init(verifying bytes: ByteBuffer) throws(FormatError) {
        try bytes.withUnsafeReadableBytes { (batch) throws(FormatError) in
            try Self.verify(batch)
        }
        self.bytes = bytes
    }

    /// Takes bytes that this module has just made.
    init(built bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// The length of the whole batch that begins with these bytes.
    ///
    /// Nil when there are fewer than twelve bytes, or when the length they tell is less than a header's 61.
    public static func length(inPrefix prefix: UnsafeRawBufferPointer) -> Int? {
        guard prefix.count >= BatchHeader.prefixSize else { return nil }
        let length = Int(BatchHeader.batchLength(prefix)) + BatchHeader.prefixSize
        return length >= BatchHeader.size ? length : nil
    }

    /// The batch with its producer and the sequence number stamped into it, and a new checksum.
    ///
    /// Costs one pass, and a copy of the batch when somebody else holds the buffer, too.
    public consuming func stamping(producerID: Int64, epoch: Int16, sequence: Int32) -> RecordBatch {
        var batch = self
        batch.bytes.withUnsafeMutableReadableBytes {
            BatchHeader.stampProducer($0, id: producerID, epoch: epoch, sequence: sequence)
        }
        return batch
    }

    /// Stamps where the batch stands in the log, without touching the checksum.
    ///
    /// Writes twelve bytes in place when nobody else holds the buffer, and copies the batch first otherwise.
    public mutating func stamp(baseOffset: Offset, leaderEpoch: LeaderEpoch) {
        let highest = Int64.max - Int64(lastOffsetDelta) - 1
        precondition((0...highest).contains(baseOffset.value), "\(baseOffset) cannot be the offset of a batch")
        bytes.withUnsafeMutableReadableBytes {
            BatchHeader.patch($0, baseOffset: baseOffset, leaderEpoch: leaderEpoch)
        }
    }

    /// The offset of the first record.
    public var baseOffset: Offset { bytes.withUnsafeReadableBytes(BatchHeader.baseOffset) }
    /// The last offset that the batch takes: its last record's, unless compaction has taken that record out.
    public var lastOffset: Offset { baseOffset.advanced(by: Int(lastOffsetDelta)) }
    /// The offset that follows the batch.
    public var nextOffset: Offset { baseOffset.advanced(by: Int(lastOffsetDelta) + 1) }
    /// How many records the batch holds, at least one; fewer than it has offsets after compaction.
    public var recordCount: Int { Int(bytes.withUnsafeReadableBytes(BatchHeader.recordCount)) }
    /// How far the last offset lies behind the first.
    public var lastOffsetDelta: Int32 { bytes.withUnsafeReadableBytes(BatchHeader.lastOffsetDelta) }
    /// The run of the data directory that appended the batch, -1 before.
    public var leaderEpoch: LeaderEpoch { bytes.withUnsafeReadableBytes(BatchHeader.leaderEpoch) }
    /// Whether every offset from the first to the last is a record's, as in all batches but those of compaction.
    public var isDense: Bool { recordCount == Int(lastOffsetDelta) + 1 }
    /// What the records' timestamp deltas start from: the first record's as a rule, else the ``deleteHorizon``.
    public var baseTimestamp: Timestamp { bytes.withUnsafeReadableBytes(BatchHeader.baseTimestamp) }
    /// The largest timestamp of any record.
    public var maxTimestamp: Timestamp { bytes.withUnsafeReadableBytes(BatchHeader.maxTimestamp) }
    /// When the tombstones inside may be taken out, nil as long as no compaction has decided that.
    public var deleteHorizon: Timestamp? { attributes.contains(.deleteHorizon) ? baseTimestamp : nil }
    /// The number of the producer that sent the batch, -1 for none.
    public var producerID: Int64 { bytes.withUnsafeReadableBytes(BatchHeader.producerID) }
    /// The producer's epoch, -1 for none.
    public var producerEpoch: Int16 { bytes.withUnsafeReadableBytes(BatchHeader.producerEpoch) }
    /// The producer's sequence number, -1 for none.
    public var baseSequence: Int32 { bytes.withUnsafeReadableBytes(BatchHeader.baseSequence) }
    /// The attribute bits.
    public var attributes: BatchAttributes { bytes.withUnsafeReadableBytes(BatchHeader.attributes) }
    /// The CRC-32C over byte 21 to the end, as stored.
    public var checksum: UInt32 { bytes.withUnsafeReadableBytes(BatchHeader.checksum) }
    /// Whether every value was validated as JSON on one line.
    public var isJSON: Bool { attributes.contains(.json) }
    /// Whether the batch is a marker for the log itself, which readers skip.
    public var isControl: Bool { attributes.contains(.control) }
    /// How the records are compressed; unknown numbers do not pass verification.
    public var codec: Codec { attributes.codec ?? .none }
    /// The size of the batch with its header.
    public var encodedBytes: ByteCount { ByteCount(bytes.readableBytes) }

    /// Throws unless the batch is dense: what is asked of a batch that is new to the log.
    public func verifyDense() throws(FormatError) {
        guard !isDense else { return }
        let text = "a last offset delta of \(lastOffsetDelta) in a new batch of \(recordCount) records"
        throw FormatError(.count, at: BatchHeader.lastOffsetDeltaAt, text)
    }

    private static func verify(_ batch: UnsafeRawBufferPointer) throws(FormatError) {
        try verifyLength(batch)
        let magic = BatchHeader.magic(batch)
        guard magic == BatchHeader.magicValue else {
            throw FormatError(.magic, at: BatchHeader.magicAt, "a batch of format \(magic), not 2")
        }
        let stored = BatchHeader.checksum(batch)
        let computed = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: batch[BatchHeader.checksummedFrom...]))
        guard stored == computed else {
            let text = "the batch's CRC-32C is \(hex(computed)), not the stored \(hex(stored))"
            throw FormatError(.checksum, at: BatchHeader.checksumAt, text)
        }
        guard BatchHeader.attributes(batch).codec != nil else {
            let number = BatchHeader.attributes(batch).rawValue & 0x7
            throw FormatError(.codec, at: BatchHeader.attributesAt, "no codec has the number \(number)")
        }
        try verifyOffsets(batch)
    }

    private static func verifyLength(_ batch: UnsafeRawBufferPointer) throws(FormatError) {
        guard batch.count >= BatchHeader.prefixSize else {
            throw FormatError(.truncated, at: batch.count, "\(batch.count) bytes, fewer than a batch's first 12")
        }
        guard let length = length(inPrefix: batch) else {
            let text = "a batch length of \(BatchHeader.batchLength(batch)), less than the header's 49"
            throw FormatError(.length, at: BatchHeader.batchLengthAt, text)
        }
        guard length <= batch.count else {
            throw FormatError(.truncated, at: batch.count, "\(batch.count) bytes of a batch of \(length)")
        }
        guard length == batch.count else {
            throw FormatError(.trailingBytes, at: length, "\(batch.count - length) bytes after a batch of \(length)")
        }
    }

    private static func verifyOffsets(_ batch: UnsafeRawBufferPointer) throws(FormatError) {
        let count = BatchHeader.recordCount(batch)
        guard count > 0 else {
            throw FormatError(.count, at: BatchHeader.recordCountAt, "a batch of \(count) records")
        }
        let lastOffsetDelta = BatchHeader.lastOffsetDelta(batch)
        guard lastOffsetDelta >= count - 1 else {
            let text = "a last offset delta of \(lastOffsetDelta) in a batch of \(count) records"
            throw FormatError(.count, at: BatchHeader.lastOffsetDeltaAt, text)
        }
        let baseOffset = BatchHeader.baseOffset(batch)
        guard (0...Int64.max - Int64(lastOffsetDelta) - 1).contains(baseOffset.value) else {
            throw FormatError(.count, at: BatchHeader.baseOffsetAt, "a base offset of \(baseOffset)")
        }
    }

    private static func hex(_ value: UInt32) -> String {
        "0x" + String(value, radix: 16)
    }
}
