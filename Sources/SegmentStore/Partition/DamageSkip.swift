import NIOCore
import RecordFormat
import SystemPackage

/// Finds where a segment can be read again behind damage.
///
/// The next whole batch counts only if what follows it confirms its place: base offset and length lie outside a batch's
/// checksum. What cannot be read at all is passed over, too. Costs a look at every byte of the hole.
struct DamageSkip {
    let segment: Segment
    /// The end of what may be read.
    let limit: FilePosition
    /// The segment's end (exclusive); nil where nobody knows it.
    let end: Offset?

    private static let windowBytes = 1 << 20

    /// The first whole batch that begins behind a position.
    /// - Parameter expected: the first offset that is lost; the batch's own is higher.
    func next(after position: FilePosition, expected: Offset) -> (
        place: FilePosition, base: Offset
    )? {
        // A file that cannot be opened has nothing behind the damage.
        guard let file = try? segment.file() else { return nil }
        var start = position.advanced(by: ByteCount(1))
        while (limit - start).value >= BatchHeader.size {
            let count = min(Self.windowBytes, (limit - start).value)
            if let window = try? file.readBuffer(at: start, bytes: count), window.readableBytes == count {
                for step in plausibleStarts(in: window, expected: expected) {
                    let place = start.advanced(by: ByteCount(step))
                    if let base = confirmed(at: place, file) { return (place, base) }
                }
            }
            start = start.advanced(by: ByteCount(count - BatchHeader.size + 1))
        }
        return nil
    }

    /// Places whose version, offset and length could be those of a batch.
    private func plausibleStarts(in window: ByteBuffer, expected: Offset) -> [Int] {
        window.withUnsafeReadableBytes { bytes in
            guard bytes.count >= BatchHeader.size else { return [] }
            return (0...bytes.count - BatchHeader.size).filter { start in
                guard bytes[start + BatchHeader.magicAt] == BatchHeader.magicValue else { return false }
                let base = Offset(bytes.fetch(start, as: Int64.self))
                return base > expected && base < end ?? Offset(.max)
            }
        }
    }

    private func confirmed(at place: FilePosition, _ file: any StoreFile) -> Offset? {
        guard let batch = batch(at: place, file) else { return nil }
        let behind = place.advanced(by: batch.encodedBytes)
        if behind == limit { return follows(end ?? batch.nextOffset, batch) ? batch.baseOffset : nil }
        guard let head = try? file.readBuffer(at: behind, bytes: BatchHeader.prefixSize),
            head.readableBytes == BatchHeader.prefixSize
        else { return nil }
        let next = head.withUnsafeReadableBytes(BatchHeader.baseOffset)
        return follows(next, batch) ? batch.baseOffset : nil
    }

    /// Whether an offset may come right behind a batch; compaction leaves gaps.
    private func follows(_ next: Offset, _ batch: RecordBatch) -> Bool {
        segment.isSparse ? next >= batch.nextOffset : next == batch.nextOffset
    }

    private func batch(at place: FilePosition, _ file: any StoreFile) -> RecordBatch? {
        guard let head = try? file.readBuffer(at: place, bytes: BatchHeader.size),
            let length = head.withUnsafeReadableBytes({ RecordBatch.length(inPrefix: $0) }),
            length <= (limit - place).value,
            let bytes = try? file.readBuffer(at: place, bytes: length),
            let batch = try? RecordBatch(verifying: bytes)
        else { return nil }
        return batch
    }
}
