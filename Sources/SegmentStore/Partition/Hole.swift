import RecordFormat
import SystemPackage

/// Offsets that cannot be read, since the bytes that hold them are damaged.
public struct Hole: Hashable, Sendable {
    /// The first of them that was asked for.
    public let from: Offset
    /// Where reading goes on.
    public let to: Offset
    /// The file.
    public let path: FilePath
    /// Where in it the damage begins.
    public let position: FilePosition
    /// What is wrong there.
    public let reason: String
}

/// Reads around damage: every batch verified from the segment's start on, holes passed over.
///
/// Used only where the ordinary way (`SegmentReader`) has failed: a batch that is merely passed over may have a damaged
/// offset or length, which shows at the next one.
struct HoleReader {
    let segment: Segment
    let limit: FilePosition
    /// The segment's end (exclusive).
    let end: Offset

    /// What there is at an offset.
    enum Finding {
        /// The batch that holds it, or the first behind it where compaction has left none.
        case batch(RecordBatch)
        case hole(Hole)
        /// Compaction has left nothing up to the segment's end.
        case nothing
    }

    func find(_ offset: Offset) -> Finding {
        var position = FilePosition.zero
        var expected = segment.base
        while position < limit {
            let batch: RecordBatch
            do throws(Damage) {
                batch = try self.batch(at: position, expected: expected)
            } catch {
                let skip = DamageSkip(segment: segment, limit: limit, end: end)
                let next = skip.next(after: position, expected: expected)
                let to = next?.base ?? end
                if offset < to { return .hole(hole(from: max(offset, expected), to: to, position, error.reason)) }
                guard let next else { break }
                (position, expected) = (next.place, next.base)
                continue
            }
            if batch.lastOffset >= offset { return .batch(batch) }
            position = position.advanced(by: batch.encodedBytes)
            expected = batch.nextOffset
        }
        if segment.isSparse { return .nothing }
        return .hole(hole(from: offset, to: end, limit, "the segment's last records are missing"))
    }

    private struct Damage: Error {
        let reason: String
    }

    private func batch(at position: FilePosition, expected: Offset) throws(Damage) -> RecordBatch {
        do {
            let file = try segment.file()
            let head = try file.readBuffer(at: position, bytes: min(BatchHeader.size, (limit - position).value))
            guard let length = head.withUnsafeReadableBytes({ RecordBatch.length(inPrefix: $0) }),
                length <= (limit - position).value
            else { throw Damage(reason: "a batch's length makes no sense") }
            let batch = try RecordBatch(verifying: try file.readBuffer(at: position, bytes: length))
            let fits = segment.isSparse ? batch.baseOffset >= expected : batch.baseOffset == expected
            guard fits, batch.nextOffset <= end else {
                throw Damage(reason: "a batch of offset \(batch.baseOffset) stands where \(expected) belongs")
            }
            return batch
        } catch let error as Damage {
            throw error
        } catch {
            throw Damage(reason: "\(error)")
        }
    }

    private func hole(from: Offset, to: Offset, _ position: FilePosition, _ reason: String) -> Hole {
        Hole(from: from, to: to, path: segment.path, position: position, reason: reason)
    }
}
