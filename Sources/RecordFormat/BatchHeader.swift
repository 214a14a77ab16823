/// The fixed header of a record batch v2, read and patched in place.
///
/// All numbers are big-endian.
///
/// ```
///  0  8  baseOffset            overwritten by the log, outside the checksum
///  8  4  batchLength           bytes after this field
/// 12  4  partitionLeaderEpoch  overwritten by the log, outside the checksum
/// 16  1  magic                 2
/// 17  4  crc                   CRC-32C of byte 21 to the end
/// 21  2  attributes            BatchAttributes
/// 23  4  lastOffsetDelta       count - 1; more where compaction has taken records out
/// 27  8  baseTimestamp         the delete horizon where attribute bit 6 says so
/// 35  8  maxTimestamp
/// 43  8  producerId            -1 none
/// 51  2  producerEpoch
/// 53  4  baseSequence
/// 57  4  recordsCount
/// 61  .. records, the only part that is compressed
/// ```
/// The functions below trap when the bytes end before the field (our own misuse): check the length first.
public enum BatchHeader {
    /// The header's size: the first record begins here.
    public static let size = 61
    /// What ``RecordBatch/length(inPrefix:)`` needs: base offset and length.
    public static let prefixSize = 12
    /// The version that this code reads and writes.
    public static let magicValue: UInt8 = 2

    /// Place of the base offset, i64.
    public static let baseOffsetAt = 0
    /// Place of the length of what follows, i32.
    public static let batchLengthAt = 8
    /// Place of the partition leader epoch, i32.
    public static let leaderEpochAt = 12
    /// Place of the version, one byte.
    public static let magicAt = 16
    /// Place of the CRC-32C, u32.
    public static let checksumAt = 17
    /// Where the bytes under the checksum begin; the same as the attributes, u16.
    public static let checksummedFrom = 21
    /// Place of the attribute bits, u16.
    public static let attributesAt = 21
    /// Place of the last offset delta, i32.
    public static let lastOffsetDeltaAt = 23
    /// Place of the base timestamp, i64.
    public static let baseTimestampAt = 27
    /// Place of the largest timestamp, i64.
    public static let maxTimestampAt = 35
    /// Place of the producer's number, i64.
    public static let producerIDAt = 43
    /// Place of the producer's epoch, i16.
    public static let producerEpochAt = 51
    /// Place of the first sequence number, i32.
    public static let baseSequenceAt = 53
    /// Place of the record count, i32.
    public static let recordCountAt = 57

    /// Stamps where the batch stands in the log: the twelve bytes outside the checksum.
    public static func patch(
        _ batch: UnsafeMutableRawBufferPointer,
        baseOffset: Offset,
        leaderEpoch: LeaderEpoch
    ) {
        precondition(batch.count >= magicAt, "\(batch.count) bytes are no batch to patch")
        batch.storeBytes(of: baseOffset.value.bigEndian, toByteOffset: baseOffsetAt, as: Int64.self)
        batch.storeBytes(of: leaderEpoch.value.bigEndian, toByteOffset: leaderEpochAt, as: Int32.self)
    }

    /// The offset of the first record.
    public static func baseOffset(_ batch: UnsafeRawBufferPointer) -> Offset {
        Offset(load(batch, baseOffsetAt))
    }

    /// The bytes that follow the length field, as the field says: not checked.
    public static func batchLength(_ batch: UnsafeRawBufferPointer) -> Int32 {
        load(batch, batchLengthAt)
    }

    /// The epoch that the log stamped.
    public static func leaderEpoch(_ batch: UnsafeRawBufferPointer) -> LeaderEpoch {
        LeaderEpoch(load(batch, leaderEpochAt))
    }

    /// The format's version.
    public static func magic(_ batch: UnsafeRawBufferPointer) -> UInt8 {
        load(batch, magicAt)
    }

    /// The checksum as stored.
    public static func checksum(_ batch: UnsafeRawBufferPointer) -> UInt32 {
        load(batch, checksumAt)
    }

    /// The attribute bits.
    public static func attributes(_ batch: UnsafeRawBufferPointer) -> BatchAttributes {
        BatchAttributes(rawValue: load(batch, attributesAt))
    }

    /// How far the last offset lies behind the first.
    public static func lastOffsetDelta(_ batch: UnsafeRawBufferPointer) -> Int32 {
        load(batch, lastOffsetDeltaAt)
    }

    /// The timestamp that the records' deltas start from.
    public static func baseTimestamp(_ batch: UnsafeRawBufferPointer) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: load(batch, baseTimestampAt))
    }

    /// The largest timestamp of any record.
    public static func maxTimestamp(_ batch: UnsafeRawBufferPointer) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: load(batch, maxTimestampAt))
    }

    /// The producer's number, -1 for none.
    public static func producerID(_ batch: UnsafeRawBufferPointer) -> Int64 {
        load(batch, producerIDAt)
    }

    /// The producer's epoch, -1 for none.
    public static func producerEpoch(_ batch: UnsafeRawBufferPointer) -> Int16 {
        load(batch, producerEpochAt)
    }

    /// The sequence number of the first record, -1 for none.
    public static func baseSequence(_ batch: UnsafeRawBufferPointer) -> Int32 {
        load(batch, baseSequenceAt)
    }

    /// How many records the batch holds.
    public static func recordCount(_ batch: UnsafeRawBufferPointer) -> Int32 {
        load(batch, recordCountAt)
    }

    private static func load<Value: FixedWidthInteger & BitwiseCopyable>(
        _ batch: UnsafeRawBufferPointer,
        _ position: Int
    ) -> Value {
        precondition(position + MemoryLayout<Value>.size <= batch.count, "\(batch.count) bytes are no batch header")
        return Value(bigEndian: batch.loadUnaligned(fromByteOffset: position, as: Value.self))
    }
}
