import NIOCore
import RecordFormat

/// What is known for good of a segment that takes no more records.
///
/// ```
///  0  8  base offset
///  8  8  end offset (exclusive)
/// 16  8  size of the log in bytes
/// 24  8  largest record timestamp, -1 when it holds no record
/// ```
struct SealedSegment: Hashable, Sendable {
    let base: Offset
    let end: Offset
    let size: FilePosition
    let maxTimestamp: Int64

    static let encodedBytes = 32

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(base.value, end.value, size.value, maxTimestamp)
    }

    init(base: Offset, end: Offset, size: FilePosition, maxTimestamp: Int64) {
        self.base = base
        self.end = end
        self.size = size
        self.maxTimestamp = maxTimestamp
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let (base, end, size, time) = buffer.readMultipleIntegers(as: (Int64, Int64, UInt64, Int64).self),
            base >= 0, end > base
        else { return nil }
        self.init(base: Offset(base), end: Offset(end), size: FilePosition(size), maxTimestamp: time)
    }
}
