import RecordFormat

/// What a read found.
public struct LogSlice: Sendable {
    /// Whole batches in offset order.
    ///
    /// The first may begin before the offset asked for.
    public let batches: [RecordBatch]
    /// Where to go on.
    public let next: Offset
    /// What was passed over, since it is damaged and the topic says to pass damage; there are no batches then.
    public let hole: Hole?

    init(batches: [RecordBatch], next: Offset, hole: Hole? = nil) {
        self.batches = batches
        self.next = next
        self.hole = hole
    }
}

extension PartitionLog {
    /// Reads visible batches from an offset on; nothing when the offset is the visible end.
    ///
    /// The tail comes from memory. Blocks for file reads elsewhere. Returns at least one batch if there is one, and otherwise
    /// about `bytesMax` at most.
    /// - Throws: `offsetOutOfRange`, `deleted`; `hole`, which says where to go on.
    public func read(from offset: Offset, bytesMax: ByteCount) throws(StorageError) -> LogSlice {
        var next = offset
        while true {
            switch try source(at: next, bytesMax) {
            case .end:
                return LogSlice(batches: [], next: next)
            case .memory(let batches):
                return LogSlice(batches: batches, next: batches.last?.nextOffset ?? next)
            case .hole(let hole):
                return try pass(hole)
            case .file(let reader):
                defer { reader.segment.release() }
                let slice = try slice(of: reader, from: next, bytesMax)
                if !slice.batches.isEmpty || slice.hole != nil { return slice }
                // Compaction has left nothing from here to the segment's end.
                next = slice.next
            }
        }
    }

    /// Reads visible batches from an offset on where they are in memory; nil where a file would have to be asked, and where
    /// there is nothing to read.
    ///
    /// Never blocks: it costs the lock and a search, so that whoever keeps up needs no thread to read on.
    public func readTail(from offset: Offset, bytesMax: ByteCount) -> LogSlice? {
        state.withLock { state in
            guard !state.isDeleted, offset >= state.logStart, offset < state.end,
                let batches = state.tail.batches(from: offset, bytesMax: bytesMax.value),
                let last = batches.last
            else { return nil }
            return LogSlice(batches: batches, next: last.nextOffset)
        }
    }

    /// Where an offset is found.
    private enum Source {
        case memory([RecordBatch])
        /// The segment is acquired.
        case file(SegmentReader)
        /// No segment holds it.
        case hole(Hole)
        case end
    }

    private func source(at offset: Offset, _ bytesMax: ByteCount) throws(StorageError) -> Source {
        try state.withLock { state throws(StorageError) in
            guard !state.isDeleted else { throw .deleted }
            guard offset >= state.logStart, offset <= state.end else {
                throw .offsetOutOfRange(asked: offset, logStart: state.logStart, visible: state.end)
            }
            guard offset < state.end else { return .end }
            if let batches = state.tail.batches(from: offset, bytesMax: bytesMax.value) { return .memory(batches) }
            if let active = state.active, offset >= active.base {
                if let reason = state.activeStrangeness {
                    let path = active.path
                    return .hole(Hole(from: offset, to: state.end, path: path, position: .zero, reason: reason))
                }
                active.acquire()
                return .file(SegmentReader(segment: active, limit: state.position, end: state.end, isSealed: false))
            }
            guard let found = state.sealed.last(where: { $0.facts.base <= offset }), offset < found.facts.end else {
                return .hole(missing(offset, state))
            }
            if let reason = found.strangeness {
                let path = found.segment.path
                return .hole(Hole(from: offset, to: found.facts.end, path: path, position: .zero, reason: reason))
            }
            found.segment.acquire()
            return .file(
                SegmentReader(
                    segment: found.segment,
                    limit: found.facts.size,
                    end: found.facts.end,
                    isSealed: true
                )
            )
        }
    }

    private func missing(_ offset: Offset, _ state: State) -> Hole {
        let next = state.sealed.first { $0.facts.base > offset }?.facts.base ?? state.active?.base ?? state.end
        return Hole(from: offset, to: next, path: directory, position: .zero, reason: "no segment holds them")
    }

    /// Reads a segment; where that fails, once more past the page cache, and then around the damage.
    private func slice(
        of reader: SegmentReader,
        from offset: Offset,
        _ bytesMax: ByteCount
    ) throws(StorageError) -> LogSlice {
        func slice(_ batches: [RecordBatch]) -> LogSlice {
            LogSlice(batches: batches, next: batches.last?.nextOffset ?? reader.end)
        }
        do throws(StorageError) {
            return slice(try reader.read(from: offset, bytesMax: bytesMax))
        } catch {
            let error = judged(error, in: reader)
            guard error.isDamage, !health.hasFailed else { throw error }
        }
        try? reader.segment.file().dropCache()
        if let batches = try? reader.read(from: offset, bytesMax: bytesMax) { return slice(batches) }
        let around = HoleReader(segment: reader.segment, limit: reader.limit, end: reader.end)
        switch around.find(offset) {
        case .batch(let batch): return slice([batch])
        case .nothing: return slice([])
        case .hole(let hole): return try pass(hole)
        }
    }

    /// Tells of a hole: with an error, or, where the topic says to pass damage, as what was passed.
    private func pass(_ hole: Hole) throws(StorageError) -> LogSlice {
        let error = StorageError.hole(hole)
        noteDamage(error.description)
        guard passesDamage else { throw error }
        return LogSlice(batches: [], next: hole.to, hole: hole)
    }

    /// Tells damage from a failed flush.
    ///
    /// Bytes above the checkpoint are only in the page cache: a read of them that fails is a failed flush, and the store
    /// stops; the journal gives them back at the next start. Below the checkpoint it is damage.
    func judged(_ error: StorageError, in reader: SegmentReader) -> StorageError {
        let (isDeleted, checkpointed) = state.withLock { ($0.isDeleted, $0.checkpointed) }
        if isDeleted { return .deleted }
        switch error {
        case .corrupt(_, let position, _):
            // The batch at that position must end below the checkpoint, not only begin where it stands.
            let damaged = min(position.advanced(by: ByteCount(1)), reader.limit)
            guard checkpointed.covers(reader.segment.base, damaged) else { break }
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

extension StorageError {
    /// Whether stored bytes are not what was written, or cannot be had; a passing failure is not.
    var isDamage: Bool {
        switch self {
        case .corrupt: true
        case .io(let failure): !failure.isPassing
        default: false
        }
    }
}
