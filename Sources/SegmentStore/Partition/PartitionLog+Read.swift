import RecordFormat

/// What a read found.
public struct LogSlice: Sendable {
    /// Whole batches in offset order.
    ///
    /// The first may begin before the offset asked for.
    public let batches: [RecordBatch]
    /// Where to go on.
    public let next: Offset
}

extension PartitionLog {
    /// Reads visible batches from an offset on; nothing when the offset is the visible end.
    ///
    /// Blocks for file reads. Returns at least one batch if there is one, and otherwise about `bytesMax` at most.
    /// - Throws: `offsetOutOfRange`, `deleted`, `corrupt` with the place.
    public func read(from offset: Offset, bytesMax: ByteCount) throws(StorageError) -> LogSlice {
        var next = offset
        while let reader = try reader(at: next) {
            defer { reader.segment.release() }
            do throws(StorageError) {
                let batches = try reader.read(from: next, bytesMax: bytesMax)
                if let last = batches.last { return LogSlice(batches: batches, next: last.nextOffset) }
            } catch {
                throw judged(error, in: reader)
            }
            // Compaction has left nothing from here to the segment's end.
            next = reader.end
        }
        return LogSlice(batches: [], next: next)
    }

    /// The reader of the segment that holds an offset, which it acquires; nil at the visible end.
    private func reader(at offset: Offset) throws(StorageError) -> SegmentReader? {
        try state.withLock { state throws(StorageError) in
            guard !state.isDeleted else { throw .deleted }
            guard offset >= state.logStart, offset <= state.end else {
                throw .offsetOutOfRange(asked: offset, logStart: state.logStart, visible: state.end)
            }
            guard offset < state.end else { return nil }
            if let active = state.active, offset >= active.base {
                active.acquire()
                return SegmentReader(segment: active, limit: state.position, end: state.end, isSealed: false)
            }
            guard let found = state.sealed.last(where: { $0.facts.base <= offset }), offset < found.facts.end else {
                throw .corrupt(path: directory, position: .zero, reason: "no segment holds offset \(offset)")
            }
            found.segment.acquire()
            return SegmentReader(
                segment: found.segment,
                limit: found.facts.size,
                end: found.facts.end,
                isSealed: true
            )
        }
    }

    /// Tells damage from a failed flush.
    ///
    /// Bytes above the checkpoint are only in the page cache: a read of them that fails is a failed flush, and the store
    /// stops; the journal gives them back at the next start. Below the checkpoint it is damage.
    private func judged(_ error: StorageError, in reader: SegmentReader) -> StorageError {
        let (isDeleted, checkpointed) = state.withLock { ($0.isDeleted, $0.checkpointed) }
        if isDeleted { return .deleted }
        switch error {
        case .corrupt(_, let position, _):
            guard checkpointed.covers(reader.segment.base, position) else { break }
            return error
        case .io(let failure):
            if failure.code == .tooManyOpenFiles || failure.code == .tooManyOpenFilesInSystem { return error }
            guard checkpointed.covers(reader.segment.base, reader.limit) else { break }
            return error
        default:
            return error
        }
        health.fail()
        guard case .io(let failure) = error else { return error }
        return .outcomeUnknown(failure)
    }
}
