import RecordFormat
import SegmentStore

/// What of a history may be gone, and what must be: the records below a log's start.
extension StoreHistory {
    /// What is known of a partition's beginning.
    struct Kept: Sendable {
        /// The first offset that is kept.
        var start = 0
        /// Every acknowledged batch from offset 0 on.
        var batches: [Batch] = []
    }

    /// What decides when a batch may go.
    struct Batch: Sendable {
        let end: Int
        let bytes: Int
        /// Its timestamp, or the time at which it was appended if that is earlier.
        let newest: Timestamp
    }

    /// Work that lets the first records of a partition go.
    enum LettingGo: Sendable {
        /// Of whole segments, as a policy says, up to this offset at most.
        case retention(PartitionKey, upTo: Int)
        /// Of exactly those below an offset, in a round.
        case prefix(PartitionKey, before: Int)
    }

    /// The first offset that is kept of a partition.
    func start(of key: PartitionKey) -> Int { kept[key]?.start ?? 0 }

    mutating func raiseStart(of key: PartitionKey, to start: Int) {
        kept[key, default: Kept()].start = max(self.start(of: key), start)
    }

    mutating func keep(_ append: Append) {
        let end = acknowledged[append.key]?.count ?? 0
        let bytes = StoreWorkload.batch(append.values, at: append.timestamp).encodedBytes.value
        let newest = min(append.timestamp, append.appendedAt)
        kept[append.key, default: Kept()].batches.append(Batch(end: end, bytes: bytes, newest: newest))
    }

    /// The largest start that a policy may bring about now.
    func startMax(of key: PartitionKey, _ policy: RetentionPolicy, now: Timestamp) -> Int {
        guard let kept = kept[key] else { return 0 }
        var start = kept.start
        var rest = kept.batches.reduce(0) { $0 + $1.bytes }
        for batch in kept.batches {
            rest -= batch.bytes
            let isBeyond = policy.bytes.map { rest >= $0.value } ?? false
            let age = now.millisecondsSinceEpoch - batch.newest.millisecondsSinceEpoch
            let isOld = policy.ageMaxMilliseconds.map { age > $0 } ?? false
            guard batch.end <= kept.start || isBeyond || isOld else { break }
            start = max(start, batch.end)
        }
        return start
    }

    /// Compares where a recovered log begins with where it may, and takes it over.
    mutating func settleStart(_ found: Int, of key: PartitionKey, _ flaws: inout [StoreFlaw]) {
        let known = start(of: key)
        if found < known {
            flaws.append(
                StoreFlaw(.resurrectedRecord, "\(key) begins at \(found), and what lies below \(known) was deleted")
            )
        }
        if found > known, !mayBegin(key, at: found) {
            flaws.append(StoreFlaw(.lostRecord, "\(key) begins at \(found), not at \(known): \(excuse)"))
        }
        raiseStart(of: key, to: found)
    }

    private var excuse: String { lettingGo.map { "under way was \($0)" } ?? "nothing was deleted" }

    private func mayBegin(_ key: PartitionKey, at start: Int) -> Bool {
        switch lettingGo {
        case .retention(key, let most): start <= most && kept[key]?.batches.contains { $0.end == start } == true
        case .prefix(key, let before): start == before
        default: false
        }
    }

    /// Whether a round under way deletes a prefix, and the recovered log shows whether it did; nil where that tells nothing.
    ///
    /// - Parameter before: where the logs began before.
    func showsPrefix(since before: [PartitionKey: Int]) -> Bool? {
        guard case .prefix(let key, let offset) = lettingGo, holds(key), offset > before[key] ?? 0 else { return nil }
        return start(of: key) >= offset
    }
}
