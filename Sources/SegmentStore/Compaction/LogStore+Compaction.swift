public import RecordFormat

extension LogStore {
    /// Compacts a partition if there is enough to gain: of each key only the newest record stays.
    ///
    /// Any thread; blocks, for as long as the throttle makes it; one partition at a time. Appends and reads go on meanwhile,
    /// and readers under way keep the files that they read.
    ///
    /// A crash at any moment leaves each run of segments as it was or as it became. Room is needed for one segment.
    /// - Parameter now: the wall time, by which segments and tombstones age.
    /// - Parameter throttle: told of every piece that was read or written.
    /// - Throws: `corrupt` with the place, and nothing was changed; `io`, when a file could not be written; `outcomeUnknown`
    ///   or `stopped` after a failed flush: the process must exit.
    public func compact(
        _ key: PartitionKey,
        policy: CompactionPolicy = CompactionPolicy(),
        now: Timestamp,
        throttle: @escaping CompactionThrottle = { _ in true }
    ) throws(StorageError) -> CompactionOutcome {
        try compaction.withLock { _ throws(StorageError) in
            guard !health.hasFailed else { throw .stopped }
            guard let log = partition(key), let plan = log.compactionPlan(policy, now) else { return .notNeeded }
            var compaction = Compaction(
                log,
                plan: plan,
                policy: policy,
                configuration: configuration,
                now: now,
                throttle: throttle
            )
            do throws(CompactionStop) {
                try compaction.run()
                return .compacted(compaction.report)
            } catch {
                switch error {
                case .cancelled: return .cancelled
                case .abandoned: return .abandoned
                case .failed(let failure): throw failure
                }
            }
        }
    }
}

extension PartitionLog {
    /// What a compaction would do now; nil when there is nothing, or too little, to gain.
    fileprivate func compactionPlan(_ policy: CompactionPolicy, _ now: Timestamp) -> CompactionPlan? {
        state.withLock { state in
            guard !state.isDeleted, state.quarantine == nil else { return nil }
            return CompactionPlan(
                state.manifest,
                logStart: state.logStart,
                flushedBelow: state.checkpointed.segmentBase,
                policy: policy,
                now: now
            )
        }
    }
}
