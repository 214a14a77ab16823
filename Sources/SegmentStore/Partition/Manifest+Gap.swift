import RecordFormat

/// How a manifest and a checkpoint's row together list a partition's sealed segments.
extension Manifest {
    /// The segments that it lists, then those that the row knows behind them.
    func sealed(with row: PartitionRow?) -> [SealedSegment] {
        sealed + (row?.sealed.filter { $0.base >= end } ?? [])
    }

    /// The first place, from the log's start up to the active segment, where offsets lie in no segment or in two.
    ///
    /// There is one when the manifest is gone, or an older one.
    /// - Parameter sealed: what `sealed(with:)` gives.
    /// - Returns: where the segments up to there end, and where the next one begins.
    func gap(
        in sealed: [SealedSegment],
        from logStart: Offset,
        to activeBase: Offset
    ) -> (end: Offset, next: Offset)? {
        let first = self.sealed.first?.base ?? end
        guard first <= logStart else { return (logStart, first) }
        var reached = first
        for segment in sealed {
            guard segment.base == reached else { return (reached, segment.base) }
            reached = segment.end
        }
        return activeBase == reached ? nil : (reached, activeBase)
    }
}
