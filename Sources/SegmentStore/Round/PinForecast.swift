import RecordFormat

/// How many more files a round would write that then wait to be flushed: of each partition the segment that takes appends,
/// unless it waits already, and those that rolls begin.
struct PinForecast {
    private let store: LogStore
    private let dirty: [PartitionKey: DirtyPartition]
    private let now: Timestamp
    private var ends: [PartitionKey: End] = [:]
    /// The files.
    private(set) var count = 0

    /// Where a partition would end.
    private struct End {
        let limits: SegmentLimits
        /// Whether the segment is one of those that wait, or is counted.
        var isCounted: Bool
        var hasSegment: Bool
        var position: FilePosition
        var since: Timestamp
    }

    init(store: LogStore, dirty: [PartitionKey: DirtyPartition], now: Timestamp) {
        self.store = store
        self.dirty = dirty
        self.now = now
    }

    /// Adds what a request appends to a partition; one that does not exist is refused later.
    mutating func add(_ append: PartitionAppend) {
        guard var end = ends[append.key] ?? currentEnd(append.key) else { return }
        for batch in append.batches { add(batch, to: &end) }
        ends[append.key] = end
    }

    private mutating func add(_ batch: RecordBatch, to end: inout End) {
        let isFull = end.limits.isFull(end.position, adding: batch.encodedBytes, since: end.since, now: now)
        if !end.hasSegment || (isFull && end.position != .zero) {
            end.hasSegment = true
            end.isCounted = false
            end.position = .zero
            end.since = now
        }
        end.position = end.position.advanced(by: batch.encodedBytes)
        if !end.isCounted { count += 1 }
        end.isCounted = true
    }

    private func currentEnd(_ key: PartitionKey) -> End? {
        guard let log = store.partition(key) else { return nil }
        let waiting = dirty[key]?.segments ?? []
        return log.state.withLock { state in
            End(
                limits: SegmentLimits(of: log, store.configuration),
                isCounted: waiting.contains { $0 === state.active },
                hasSegment: state.active != nil,
                position: state.position,
                since: state.activeSince
            )
        }
    }
}
