import NIOCore

/// What a member has of each partition that it owns: what waits to be taken, and how far it was taken, processed, committed.
///
/// A pure value: events and calls go in, records and offsets come out.
struct MemberLedger {
    /// A partition's identity.
    struct Key: Hashable {
        let topic: String
        let partition: Int32
    }

    /// Records of one partition that were taken together.
    struct Batch {
        let records: [GroupRecord]
        let key: Key
        let epoch: Int64
    }

    private struct Share {
        let epoch: Int64
        /// The next offset that is new here: what comes below it was delivered already.
        var delivered: Int64
        /// One past the last record that was taken.
        var taken: Int64
        /// One past the last record that was processed.
        var processed: Int64
        /// What is in force at the broker, as far as is known.
        var committed: Int64
        var waiting = CircularBuffer<ReceivedRecord>()
        /// Its records are taken by one who wants no other at the same time.
        var isHeld = false
        var isQueued = false
        var isRevoking = false
        var isReleased = false

        var isReady: Bool { !waiting.isEmpty && !isHeld }

        /// The revocation is off: what was thrown away comes again, from what was taken on.
        mutating func takeBack() {
            (isRevoking, isReleased) = (false, false)
            delivered = taken
        }
    }

    private var shares: [Key: Share] = [:]
    /// The partitions that may have something to take, each in its turn.
    private var turns = CircularBuffer<Key>()
    private var isAnew = false
    /// How many records wait.
    private(set) var waitingCount = 0
    /// How many bytes they have.
    private(set) var waitingBytes = 0

    // MARK: What the group tells

    /// The member is in, or in again; as another member it has nothing of before.
    mutating func join(anotherMember: Bool) {
        if anotherMember { self = MemberLedger() }
        isAnew = true
    }

    /// The member owns these, all of them listed; returns what is new, and what was lost unnoticed before a reconnect.
    ///
    /// A partition that it owned under the same epoch keeps its positions: what the broker sends again after a reconnect,
    /// because it is not committed, is known here.
    mutating func assign(_ partitions: [GroupPartition]) -> (gained: [GroupPartition], lost: [GroupPartition]) {
        var gained: [GroupPartition] = []
        for partition in partitions {
            let (key, epoch, start) = (partition.key, partition.epoch ?? 0, partition.start ?? 0)
            if let known = shares[key], known.epoch == epoch {
                if known.isRevoking { shares[key]?.takeBack() }
                continue
            }
            drop(key)
            shares[key] = Share(epoch: epoch, delivered: start, taken: start, processed: start, committed: start)
            gained.append(partition)
        }
        return (gained, isAnew ? forget(allBut: partitions) : [])
    }

    /// Nothing more of these is taken.
    mutating func revoke(_ partitions: [GroupPartition]) {
        for key in partitions.map(\.key) {
            dropWaiting(key)
            shares[key]?.isRevoking = true
        }
    }

    /// These are gone.
    mutating func remove(_ partitions: [GroupPartition]) {
        for partition in partitions { drop(partition.key) }
    }

    /// A record came; false when it is not new, or not of a partition that is owned.
    mutating func arrive(_ record: ReceivedRecord) -> Bool {
        let key = Key(topic: record.topic, partition: record.partition)
        guard let index = shares.index(forKey: key) else { return false }
        let share = shares.values[index]
        guard record.offset >= share.delivered, !share.isRevoking else { return false }
        shares.values[index].delivered = record.offset + 1
        shares.values[index].waiting.append(record)
        waitingCount += 1
        waitingBytes += record.bytes.readableBytes
        enqueue(key)
        return true
    }

    // MARK: Taking

    /// Takes records of one partition, which has waited longest for its turn.
    ///
    /// - Parameter holding: nothing more of the partition is taken before `finish`.
    mutating func take(max: Int, holding: Bool) -> Batch? {
        while let key = turns.popFirst() {
            guard let index = shares.index(forKey: key) else { continue }
            shares.values[index].isQueued = false
            guard shares.values[index].isReady else { continue }
            let epoch = shares.values[index].epoch
            var records: [GroupRecord] = []
            while records.count < max, let record = shares.values[index].waiting.popFirst() {
                records.append(GroupRecord(record: record, epoch: epoch))
                shares.values[index].taken = record.offset + 1
                waitingBytes -= record.bytes.readableBytes
            }
            waitingCount -= records.count
            shares.values[index].isHeld = holding
            enqueue(key)
            return Batch(records: records, key: key, epoch: epoch)
        }
        return nil
    }

    /// A batch that was taken with `holding` is done with, whatever became of it.
    mutating func finish(_ batch: Batch) {
        guard shares[batch.key]?.epoch == batch.epoch else { return }
        shares[batch.key]?.isHeld = false
        enqueue(batch.key)
    }

    /// Whether a record's partition is the member's still, and not about to be given up.
    func isCurrent(_ record: GroupRecord) -> Bool {
        guard let share = shares[Key(topic: record.topic, partition: record.partition)] else { return false }
        return share.epoch == record.epoch && !share.isRevoking
    }

    // MARK: Committing

    /// The partitions that the member owns.
    var assignment: [GroupPartition] {
        shares.map { key, share in
            GroupPartition(topic: key.topic, partition: key.partition, epoch: share.epoch, committed: share.committed)
        }.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    }

    /// Whether nothing waits, and everything that was taken is processed and committed.
    var isSettled: Bool { shares.values.allSatisfy { $0.waiting.isEmpty && $0.committed >= $0.taken } }

    /// The partitions of which something was delivered and is not committed, and which are to be kept.
    var unsettled: [GroupPartition] {
        shares.filter { !$0.value.isRevoking && $0.value.delivered > $0.value.committed }.map { $0.key.partition(nil) }
    }

    /// Notes that everything of a partition up to an offset is processed.
    mutating func process(_ offset: CommitOffset) {
        let key = Key(topic: offset.topic, partition: offset.partition)
        guard let share = shares[key], share.epoch == offset.epoch else { return }
        shares[key]?.processed = max(share.processed, offset.offset)
    }

    /// What was processed and is not committed.
    var uncommitted: [CommitOffset] {
        shares.filter { $0.value.committed < $0.value.processed }.map { key, share in
            CommitOffset(topic: key.topic, partition: key.partition, offset: share.processed, epoch: share.epoch)
        }
    }

    /// Takes the answer to a commit, and returns what was refused.
    mutating func settle(_ results: [CommitResult], of offsets: [CommitOffset]) -> [CommitResult] {
        var refused: [CommitResult] = []
        for result in results {
            let key = Key(topic: result.topic, partition: result.partition)
            let offset = offsets.first { $0.topic == result.topic && $0.partition == result.partition }
            let isCurrent = offset != nil && shares[key]?.epoch == offset?.epoch
            if let offset, result.isInForce {
                guard isCurrent, let share = shares[key] else { continue }
                shares[key]?.committed = max(share.committed, offset.offset)
                shares[key]?.processed = max(share.processed, offset.offset)
            } else {
                refused.append(result)
                // It is another member's now, which gets again what could not be committed here. Of other refusals
                // (beyond the end, say) repetition would change nothing either.
                if isCurrent, !result.isRetryable { drop(key) }
            }
        }
        return refused
    }

    /// The partitions to give back now, each told once: to be given up, with nothing of them at work or uncommitted,
    /// although more was delivered.
    mutating func takeDrained() -> [GroupPartition] {
        let drained = shares.filter { _, share in
            share.isRevoking && !share.isReleased && !share.isHeld && share.taken <= share.committed
                && share.delivered > share.committed
        }.map(\.key)
        for key in drained { shares[key]?.isReleased = true }
        return drained.map { $0.partition(nil) }
    }

    // MARK: Helpers

    private mutating func enqueue(_ key: Key) {
        guard let share = shares[key], share.isReady, !share.isQueued else { return }
        shares[key]?.isQueued = true
        turns.append(key)
    }

    private mutating func forget(allBut partitions: [GroupPartition]) -> [GroupPartition] {
        isAnew = false
        let kept = Set(partitions.map(\.key))
        let lost = shares.filter { !kept.contains($0.key) && !$0.value.isRevoking }.map(\.key)
        for key in lost { drop(key) }
        return lost.map { $0.partition(nil) }
    }

    private mutating func drop(_ key: Key) {
        dropWaiting(key)
        shares[key] = nil
    }

    private mutating func dropWaiting(_ key: Key) {
        guard let index = shares.index(forKey: key) else { return }
        waitingCount -= shares.values[index].waiting.count
        waitingBytes -= shares.values[index].waiting.reduce(0) { $0 + $1.bytes.readableBytes }
        shares.values[index].waiting.removeAll()
    }
}

extension GroupPartition {
    var key: MemberLedger.Key { MemberLedger.Key(topic: topic, partition: partition) }
}

extension MemberLedger.Key {
    fileprivate func partition(_ epoch: Int64?) -> GroupPartition {
        GroupPartition(topic: topic, partition: partition, epoch: epoch)
    }
}
