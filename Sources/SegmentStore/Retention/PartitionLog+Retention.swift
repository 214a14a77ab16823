import RecordFormat
import SystemPackage

/// The segments at the beginning of a log that are no longer wanted.
extension PartitionLog {
    /// The segments that may go now: from the first on, as far as each is below the log's start, more than the bytes to keep,
    /// or too old.
    ///
    /// Only what the manifest lists and a checkpoint covers: until then the journal may have to write it again. A partition
    /// that is set aside keeps everything, for the repair.
    func expired(_ policy: RetentionPolicy, now: Timestamp) -> [SealedLog] {
        state.withLock { state in
            guard !state.isDeleted, state.quarantine == nil else { return [] }
            var rest = state.sealed.reduce(state.position.value) { $0 + $1.facts.size.value }
            var expired: [SealedLog] = []
            for log in state.sealed {
                let facts = log.facts
                guard facts.end <= state.manifest.end, facts.end <= state.checkpointed.segmentBase else { break }
                rest -= facts.size.value
                let isDeleted = facts.end <= state.logStart
                let isBeyond = policy.bytes.map { rest >= UInt64($0.value) } ?? false
                guard isDeleted || isBeyond || policy.isOver(facts.newest, now: now) else { break }
                expired.append(log)
            }
            return expired
        }
    }

    /// Takes segments out of the log: in one replacement of the manifest the log's start rises and their files become
    /// retired ones.
    ///
    /// From then on no reader finds them; those that hold them finish.
    /// - Returns: false, and nothing is changed, when they are not the log's first segments any more: compaction has
    ///   replaced them meanwhile.
    func letGo(_ expired: [SealedLog]) throws(FileError) -> Bool {
        let ids = expired.map(\.facts.id)
        let deletedBelow = watermarks.logStart.offset
        let start = max(deletedBelow, expired.last?.facts.end ?? deletedBelow)
        return try changeManifestUnlessRefused({ manifest in
            guard manifest.sealed.prefix(ids.count).map(\.id) == ids else { return false }
            manifest.sealed.removeFirst(ids.count)
            manifest.retired += ids
            manifest.logStart = max(manifest.logStart, start)
            return true
        }) { state in
            state.sealed.removeFirst(ids.count)
            state.retired += expired.map(\.segment)
            state.logStart = max(state.logStart, start)
        }
    }

    /// Whether an idle partition's active segment should be sealed, so that it can go: it is old, or nothing in it is wanted.
    func wantsRoll(_ policy: RetentionPolicy, _ limits: SegmentLimits, now: Timestamp) -> Bool {
        state.withLock { state in
            guard state.active != nil, state.position > .zero, !state.isDeleted, state.quarantine == nil else {
                return false
            }
            let newest = min(state.maxTimestamp, now.millisecondsSinceEpoch)
            return state.logStart >= state.end || limits.isOld(since: state.activeSince, now: now)
                || policy.isOver(Timestamp(millisecondsSinceEpoch: newest), now: now)
        }
    }

    /// Seals the active segment: the next append begins another one.
    ///
    /// Between two rounds. Only in memory: the next checkpoint lists it, and until then a start finds it as the active one,
    /// and seals it where the journal's next entry begins a segment.
    func seal(at now: Timestamp) {
        state.withLock { state in
            guard let active = state.active, state.position > .zero else { return }
            let facts = SealedSegment(
                base: active.base,
                end: state.end,
                size: state.position,
                maxTimestamp: state.maxTimestamp,
                sealedAt: now
            )
            state.sealed.append(SealedLog(segment: active, facts: facts))
            state.active = nil
            state.position = .zero
            state.maxTimestamp = -1
            state.activeSince = now
        }
    }
}
