import RecordFormat

/// Decides, record by record, what the second pass keeps, and which version came before it.
struct GroupRewrite {
    let plan: CompactionPlan
    /// The end of what the first pass looked at: what lies beyond is kept as it is.
    let end: Offset
    let map: KeyMap
    let now: Timestamp
    let horizon: Timestamp
    /// History is incomplete below, by what was dropped so far.
    private(set) var incompleteBelow: Offset
    private(set) var droppedCount = 0
    /// Behind the last tombstone that was removed because its time was over; nil when none was.
    private(set) var tombstonesRemovedBelow: Offset?
    /// For each record kept of the last batch: its offset and that of the version before.
    private(set) var previous: [VersionEntry] = []
    /// Whether the last batch was kept for a record; a control batch has none.
    private(set) var keepsAnything = false
    /// What an earlier compaction knew of the source's records.
    private var known: VersionsReader?

    init(plan: CompactionPlan, end: Offset, map: KeyMap, now: Timestamp, policy: CompactionPolicy) {
        self.plan = plan
        self.end = end
        self.map = map
        self.now = now
        horizon = now.advanced(byMilliseconds: policy.tombstoneMilliseconds)
        incompleteBelow = plan.compactedBelow
    }

    /// Turns to the next source.
    mutating func begin(_ source: SealedSegment, of log: PartitionLog) {
        known = VersionsReader(source, of: log)
    }

    mutating func endSource() {
        known?.close()
        known = nil
    }

    /// The batch without the records that go; nil when nothing is left.
    mutating func kept(of batch: RecordBatch) throws -> RecordBatch? {
        previous.removeAll(keepingCapacity: true)
        keepsAnything = !batch.isControl
        if batch.isControl { return batch }
        let limit = batch.deleteHorizon
        // Tombstones beyond the end are stamped by the pass that looks at them.
        let horizon = batch.baseOffset < end ? horizon : nil
        return try batch.filtered(deleteHorizon: horizon) { record, bytes in
            let key = record.key.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            let isKept = keeps(record.offset, key, isTombstone: record.isTombstone, until: limit)
            if !isKept { droppedCount += 1 }
            return isKept
        }
    }

    private mutating func keeps(
        _ offset: Offset,
        _ key: UnsafeRawBufferPointer?,
        isTombstone: Bool,
        until limit: Timestamp?
    ) -> Bool {
        guard offset >= plan.logStart else { return false }
        guard let key, offset < end else {
            note(offset, before: known?.previous(of: offset) ?? (key == nil ? .none : .unknown))
            return true
        }
        let entry = map.meet(key, at: offset)
        if let entry, offset < entry.last {
            // The newer record's version before is gone: from behind it on history is complete again.
            incompleteBelow = max(incompleteBelow, entry.last.advanced(by: 1))
            return false
        }
        // What it deletes went with an earlier compaction: see `RemovedTombstones`.
        if isTombstone, offset < plan.from, let limit, limit <= now {
            tombstonesRemovedBelow = offset.advanced(by: 1)
            incompleteBelow = max(incompleteBelow, offset.advanced(by: 1))
            return false
        }
        note(offset, before: known?.previous(of: offset) ?? before(offset, entry))
        return true
    }

    /// The version before a record that no earlier compaction told of.
    ///
    /// Where history was complete until now, a version that was not met was never there.
    private func before(_ offset: Offset, _ entry: KeyMap.Entry?) -> PreviousVersion {
        if let previous = entry?.previous { return .removed(previous) }
        return offset >= plan.compactedBelow ? .none : .unknown
    }

    private mutating func note(_ offset: Offset, before: PreviousVersion) {
        previous.append(VersionEntry(offset: offset, previous: before))
    }
}
