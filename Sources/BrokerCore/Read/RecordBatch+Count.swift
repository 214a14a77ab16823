import RecordFormat

extension RecordBatch {
    /// Counts the records from `start` (inclusive) to `end` (exclusive), up to `countMax`, and tells the offset of the one that
    /// follows these; nil when there is none.
    ///
    /// A batch without holes is not walked. One whose records are damaged counts as far as they can be read: whoever reads
    /// the records says so.
    func recordOffsets(from start: Offset, to end: Offset, atMost countMax: Int64) -> (count: Int64, following: Offset?)
    {
        let first = max(baseOffset, start)
        let last = min(nextOffset, end)
        guard first < last else { return (0, nil) }
        guard recordCount <= lastOffsetDelta else {
            let count = last - first
            return count <= countMax ? (count, nil) : (countMax, first.advanced(by: Int(countMax)))
        }
        struct Enough: Error {}
        var count: Int64 = 0
        var following: Offset?
        try? forEachRecord { record, _ in
            guard record.offset >= first, record.offset < last else { return }
            if count == countMax {
                following = record.offset
                throw Enough()
            }
            count += 1
        }
        return (count, following)
    }
}
