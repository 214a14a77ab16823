import RecordFormat

extension PartitionLog {
    /// The offset of the first record, in the order of offsets, that is not earlier than a time; the visible end when there
    /// is none.
    ///
    /// Timestamps are the producers' and need no order, so earlier records may follow. Where bytes are damaged it is the
    /// offset of the damage: what is asked for may lie there.
    ///
    /// Blocks for file reads: the indexes of the segments, and a few kilobytes of each that may hold the record.
    /// - Throws: `deleted`, `io`.
    public func offset(at time: Timestamp) throws(StorageError) -> Offset {
        var next = Offset.zero
        while true {
            let (reader, first) = try candidate(at: time, from: next)
            guard let reader else { return first }
            defer { reader.segment.release() }
            do throws(StorageError) {
                if let found = try reader.offset(at: time, from: first) { return found }
            } catch {
                throw judged(error, in: reader)
            }
            next = reader.end
        }
    }

    /// The next segment that may hold a record that late, which it acquires, and the first offset that counts; without a
    /// segment, the visible end.
    private func candidate(
        at time: Timestamp,
        from next: Offset
    ) throws(StorageError) -> (reader: SegmentReader?, first: Offset) {
        // What has no timestamp that is known is looked into.
        func mayHold(_ largest: Int64) -> Bool { largest < 0 || largest >= time.millisecondsSinceEpoch }
        return try state.withLock { state throws(StorageError) in
            guard !state.isDeleted else { throw .deleted }
            let first = max(next, state.logStart)
            let sealed = state.sealed.first { $0.facts.end > first && mayHold($0.facts.maxTimestamp) }
            if let sealed {
                sealed.segment.acquire()
                return (SegmentReader(sealed), max(first, sealed.facts.base))
            }
            guard let active = state.active, first < state.end, mayHold(state.maxTimestamp) else {
                return (nil, state.end)
            }
            active.acquire()
            let reader = SegmentReader(segment: active, limit: state.position, end: state.end, isSealed: false)
            return (reader, max(first, active.base))
        }
    }
}

extension SegmentReader {
    /// A reader of a sealed segment.
    init(_ sealed: PartitionLog.SealedLog) {
        self.init(segment: sealed.segment, limit: sealed.facts.size, end: sealed.facts.end, isSealed: true)
    }
}
