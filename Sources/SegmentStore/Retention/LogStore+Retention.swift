import RecordFormat
import SystemPackage

extension LogStore {
    /// Removes the first segments of a partition that are no longer wanted.
    ///
    /// Any thread; blocks. Appends and reads go on meanwhile. First the manifest is replaced: the log's start rises, and the
    /// files become retired ones; then those that nobody reads are unlinked, the others by `removeRetiredFiles`. A crash in
    /// between leaves files that the manifest still names, and the next start goes on with them.
    /// - Returns: nil when there was nothing to remove.
    /// - Throws: `io` when the manifest could not be replaced, and nothing was changed; `outcomeUnknown` or `stopped` after a
    ///   failed flush: the process must exit.
    public func retain(_ key: PartitionKey, _ policy: RetentionPolicy) throws(StorageError) -> RetentionOutcome? {
        guard !health.hasFailed else { throw .stopped }
        guard let log = partition(key) else { return nil }
        let expired = log.expired(policy, now: wallTime())
        guard !expired.isEmpty else { return nil }
        configuration.observer.begins(.retention(key))
        let isGone: Bool
        do throws(FileError) {
            isGone = try space.lendingBallast { () throws(FileError) in try log.letGo(expired) }
            if isGone { try log.unlinkRetired() }
        } catch {
            if log.isDeleted { return nil }
            guard !error.isFailedFlush else {
                health.fail()
                throw .outcomeUnknown(error)
            }
            configuration.observer.ends(.retention(key))
            throw .io(error)
        }
        configuration.observer.ends(.retention(key))
        guard isGone else { return nil }
        return RetentionOutcome(
            segmentCount: expired.count,
            bytes: ByteCount(Int(expired.reduce(0) { $0 + $1.facts.size.value })),
            logStart: log.watermarks.logStart.offset
        )
    }

    /// Seals the active segment of a partition that is idle and whose segment is too old, or holds nothing that is wanted.
    ///
    /// Any thread; waits for the round that runs. The next checkpoint lists the segment, and then it can be removed or
    /// compacted.
    /// - Returns: whether it was sealed, and a checkpoint is wanted.
    public func rollIfDue(_ key: PartitionKey, _ policy: RetentionPolicy) -> Bool {
        guard let log = partition(key) else { return false }
        let limits = SegmentLimits(of: log, configuration)
        guard log.wantsRoll(policy, limits, now: wallTime()) else { return false }
        return journal.withLock { journal in
            let now = wallTime()
            guard !health.hasFailed, log.wantsRoll(policy, limits, now: now) else { return false }
            seal(log, &journal, at: now)
            return true
        }
    }

    /// Seals the active segment of a partition between two rounds: the next append begins another one.
    func seal(_ log: PartitionLog, _ journal: inout JournalState, at now: Timestamp) {
        log.seal(at: now)
        // The next checkpoint looks at dirty partitions alone.
        if journal.dirty[log.key] == nil { journal.dirty[log.key] = DirtyPartition(log: log) }
    }
}
