import RecordFormat
import SegmentStore

/// Letting the beginning of a log go, in every way.
extension StoreClient {
    /// One of the ways, for some partition.
    func letGo() throws(StorageError) {
        guard let key = somePartition() else { return }
        // Of a compacted topic only deleted prefixes go.
        let isCompacted = history.topics[key.topic]?.isCompacted == true
        switch isCompacted ? 7 + below(3) : below(10) {
        case ..<4: try retain(key, RetentionPolicy(bytes: ByteCount(100 + below(900))))
        case ..<6: try retain(key, RetentionPolicy(ageMaxMilliseconds: Int64(below(60_000))))
        case ..<7: try retainDuringCheckpoint(key)
        case ..<9: roll(key)
        default: try store.removeRetiredFiles()
        }
    }

    /// Lets segments go that a policy does not want, sometimes with a round in between.
    func retain(_ key: PartitionKey, _ policy: RetentionPolicy) throws(StorageError) {
        let most = history.startMax(of: key, policy, now: clock.now)
        change { $0.lettingGo = .retention(key, upTo: most) }
        note()
        let call = chance(percent: 30) ? below(4) : nil
        do throws(StorageError) {
            try withRound(atCall: call) { () throws(StorageError) in _ = try store.retain(key, policy) }
        } catch {
            if !store.hasFailed { noteStart(of: key, upTo: most) }
            throw error
        }
        noteStart(of: key, upTo: most)
    }

    /// What the log says once nothing is under way any more.
    private func noteStart(of key: PartitionKey, upTo most: Int) {
        let start = Int(store.partition(key)?.watermarks.logStart.offset.value ?? 0)
        if start > most { noteFailure("\(key) begins at \(start), and at most \(most) records were to go") }
        change { history in
            history.lettingGo = nil
            history.raiseStart(of: key, to: start)
        }
    }

    /// A checkpoint is captured before, and recorded after: what it says of the log's beginning is old by then.
    private func retainDuringCheckpoint(_ key: PartitionKey) throws(StorageError) {
        let checkpoint = store.captureCheckpoint()
        try retain(key, RetentionPolicy(bytes: ByteCount(100 + below(400))))
        note()
        if let checkpoint { try complete(checkpoint) }
    }

    /// Seals an idle partition's active segment, if it is old or nothing in it is wanted.
    func roll(_ key: PartitionKey) {
        let policy = RetentionPolicy(ageMaxMilliseconds: chance(percent: 50) ? Int64(below(60_000)) : nil)
        _ = store.rollIfDue(key, policy)
    }

    /// A deletion to go with a round, now and then; never while another is under way.
    func somePrefix() -> PrefixDeletion? {
        guard history.lettingGo == nil, chance(percent: 15), let key = somePartition() else { return nil }
        let (start, end) = (history.start(of: key), history.acknowledged[key]?.count ?? 0)
        guard start < end else { return nil }
        return PrefixDeletion(key: key, before: Offset(Int64(start + 1 + below(end - start))))
    }

    func begin(_ deletion: PrefixDeletion?) {
        guard let deletion else { return }
        change { $0.lettingGo = .prefix(deletion.key, before: Int(deletion.before.value)) }
    }

    func end(_ deletion: PrefixDeletion?, _ outcome: CommitOutcome?) {
        guard let deletion else { return }
        change { history in
            history.lettingGo = nil
            guard case .committed = outcome else { return }
            history.raiseStart(of: deletion.key, to: Int(deletion.before.value))
        }
    }

    /// Some partition; nil when there is none.
    func somePartition() -> PartitionKey? {
        let keys = history.partitions
        return keys.isEmpty ? nil : keys[below(keys.count)]
    }
}
