import NIOCore
import RecordFormat

/// What is known for good of a segment that takes no more records.
///
/// ```
///  0  8  base offset
///  8  8  end offset (exclusive)
/// 16  8  size of the log in bytes
/// 24  8  largest record timestamp, -1 when it holds no record
/// 32  8  wall time when it was sealed, in milliseconds
/// 40  8  generation      0 as it was written; n made by the compaction that took number n
/// 48  4  flags           1 the checksums are known, 2 there is a versions file
/// 52  4  CRC-32C of the whole log
/// 56  4  CRC-32C of the whole offset index
/// 60  4  CRC-32C of the whole time index
/// 64  4  CRC-32C of the whole versions file
/// 68  4  0
/// ```
struct SealedSegment: Hashable, Sendable {
    let base: Offset
    let end: Offset
    let size: FilePosition
    let maxTimestamp: Int64
    /// Bounds the age that the records claim: one dated in the future pins nothing.
    let sealedAt: Timestamp
    var generation: UInt64 = 0
    /// Those of the files; nil until the flusher has read them.
    var checksums: Checksums?
    /// That of the versions file, which only a segment of a compacted topic has.
    var versionsChecksum: UInt32?

    /// CRC-32C of whole files.
    struct Checksums: Hashable, Sendable {
        let log: UInt32
        let index: UInt32
        let timeIndex: UInt32
    }

    static let encodedBytes = 72

    /// The time that age is counted from.
    var newest: Timestamp {
        Timestamp(millisecondsSinceEpoch: min(maxTimestamp, sealedAt.millisecondsSinceEpoch))
    }

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(base.value, end.value, size.value, maxTimestamp)
        buffer.writeMultipleIntegers(sealedAt.millisecondsSinceEpoch, generation)
        let flags: UInt32 = (checksums == nil ? 0 : 1) | (versionsChecksum == nil ? 0 : 2)
        buffer.writeMultipleIntegers(flags, checksums?.log ?? 0, checksums?.index ?? 0, checksums?.timeIndex ?? 0)
        buffer.writeMultipleIntegers(versionsChecksum ?? 0, UInt32(0))
    }

    init(
        base: Offset,
        end: Offset,
        size: FilePosition,
        maxTimestamp: Int64,
        sealedAt: Timestamp,
        generation: UInt64 = 0,
        checksums: Checksums? = nil,
        versionsChecksum: UInt32? = nil
    ) {
        self.base = base
        self.end = end
        self.size = size
        self.maxTimestamp = maxTimestamp
        self.sealedAt = sealedAt
        self.generation = generation
        self.checksums = checksums
        self.versionsChecksum = versionsChecksum
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let (base, end, size, time) = buffer.readMultipleIntegers(as: (Int64, Int64, UInt64, Int64).self),
            let (sealedAt, generation) = buffer.readMultipleIntegers(as: (Int64, UInt64).self),
            let (flags, log, index, timeIndex) = buffer.readMultipleIntegers(
                as: (UInt32, UInt32, UInt32, UInt32).self
            ),
            let (versions, _) = buffer.readMultipleIntegers(as: (UInt32, UInt32).self),
            base >= 0, end > base
        else { return nil }
        self.init(
            base: Offset(base),
            end: Offset(end),
            size: FilePosition(size),
            maxTimestamp: time,
            sealedAt: Timestamp(millisecondsSinceEpoch: sealedAt),
            generation: generation,
            checksums: flags & 1 == 0 ? nil : Checksums(log: log, index: index, timeIndex: timeIndex),
            versionsChecksum: flags & 2 == 0 ? nil : versions
        )
    }
}
