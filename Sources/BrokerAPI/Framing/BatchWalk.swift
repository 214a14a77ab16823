import BrokerCore
import RecordFormat

/// Writes the records of a slice, batch by batch, and can stop and go on at any record.
///
/// Going on walks over a batch's earlier records again: that costs less than to keep what they came to.
struct BatchWalk: Sendable {
    /// How a walk over a slice ended.
    enum Outcome: Hashable {
        /// All records of the slice are written.
        case done
        /// The piece is large enough; there is more.
        case pieceIsFull
        /// The answer may hold no more.
        case answerIsFull
        /// The filter has looked at as much as it may at a time; there is more.
        case scanIsFull
    }

    /// What an answer may still hold.
    struct Room: Sendable {
        /// Records.
        var records: Int
        /// The total of bytes that the encoder may come to.
        let totalBytesMax: Int
        /// The bytes after which a piece is handed out.
        var pieceBytes: Int
        /// The bytes of records that a filter may still look at.
        var scanBytes = Int.max

        /// What is left of it where a client counts.
        func limited(by credit: Credit) -> Room {
            var room = self
            room.records = min(records, Int(clamping: credit.recordsLeft))
            room.pieceBytes = min(pieceBytes, Int(clamping: credit.bytesLeft))
            return room
        }
    }

    /// Ends a walk within a batch.
    private enum Stop: Error {
        case pieceIsFull
        case answerIsFull
        case scanIsFull
    }

    /// The slice.
    let slice: ReadResult.Slice
    /// Which of its records are written; nil is all of them.
    let filter: RecordFilter?
    /// The next offset to write.
    private(set) var next: Offset
    private var batch = 0
    /// The compressed batch that the walk stopped within, inflated: else each piece of it would inflate it all again.
    private var inflated: RecordBatch?

    /// A walk from the slice's start.
    init(_ slice: ReadResult.Slice, filter: RecordFilter? = nil) {
        self.slice = slice
        self.filter = filter
        next = slice.start
    }

    /// Writes records until the slice, the piece or the answer ends.
    mutating func write(into encoder: inout EventEncoder, room: inout Room) throws(Problem) -> Outcome {
        encoder.select(slice.partition)
        while batch < slice.batches.count {
            let current = slice.batches[batch]
            if current.nextOffset > next, current.baseOffset < slice.next, !current.isControl {
                switch try write(current, into: &encoder, room: &room) {
                case .done: inflated = nil
                case let outcome: return outcome
                }
            }
            batch += 1
        }
        next = max(next, slice.next)
        return .done
    }

    private mutating func write(
        _ current: RecordBatch,
        into encoder: inout EventEncoder,
        room: inout Room
    ) throws(Problem) -> Outcome {
        if let outcome = writeShared(current, into: &encoder, room: &room) { return outcome }
        let isJSON = current.isJSON
        // A slice may end within its last batch, as it may begin within its first.
        let end = slice.next
        do {
            let plain = try inflated ?? current.inflated()
            if current.codec != .none { inflated = plain }
            try plain.forEachRecord { record, bytes in
                guard record.offset >= next, record.offset < end else { return }
                if room.records == 0 { throw Stop.answerIsFull }
                if encoder.byteCount >= room.pieceBytes { throw Stop.pieceIsFull }
                if let filter {
                    guard room.scanBytes > 0 else { throw Stop.scanIsFull }
                    room.scanBytes -= record.content.count
                    guard filter.matches(record, bytes, isJSON: isJSON) else {
                        next = record.offset.advanced(by: 1)
                        return
                    }
                }
                guard encoder.write(record, bytes, isJSON: isJSON, totalBytesMax: room.totalBytesMax) else {
                    throw Stop.answerIsFull
                }
                room.records -= 1
                next = record.offset.advanced(by: 1)
            }
            return .done
        } catch Stop.pieceIsFull {
            return .pieceIsFull
        } catch Stop.answerIsFull {
            return .answerIsFull
        } catch Stop.scanIsFull {
            return .scanIsFull
        } catch {
            throw Problem(reading: current, of: slice.partition, error)
        }
    }

    /// Writes records of a batch at the tail from what all watchers share; nil where they must be written one by one.
    ///
    /// Who is in the middle of a batch takes what is there and makes nothing: the whole would be made anew for each piece.
    private mutating func writeShared(
        _ current: RecordBatch,
        into encoder: inout EventEncoder,
        room: inout Room
    ) -> Outcome? {
        guard filter == nil, room.totalBytesMax == .max, let topic = slice.tailOf, let shared = encoder.shared else {
            return nil
        }
        let (form, partition, isAtStart) = (encoder.form, slice.partition, next <= current.baseOffset)
        let key = SharedFrames.Key(current, of: topic, partition.partition, form)
        let make = { try BatchFrames(current, of: partition, in: form) }
        guard let frames = shared.frames(of: key, make: isAtStart ? make : nil) else { return nil }
        let first = frames.index(of: next)
        let end = frames.index(of: slice.next)
        guard first < end else { return .done }
        if room.records == 0 { return .answerIsFull }
        if encoder.byteCount >= room.pieceBytes { return .pieceIsFull }
        let allowed = first + min(end - first, room.records)
        let written = encoder.write(frames, first..<allowed, pieceBytes: room.pieceBytes)
        room.records -= written - first
        next = frames.next(after: written - 1)
        if written == end { return .done }
        return room.records == 0 ? .answerIsFull : .pieceIsFull
    }
}
