import RecordFormat

/// What falls due: sessions, leases, warnings, collected joins.
extension ConsumerGroup {
    /// Carries out everything that is due.
    mutating func tick(now: GroupNow, changes: inout GroupChanges) {
        guard let wakeAt, wakeAt <= now.monotonicMilliseconds else { return }
        let hasExpired = expireSessions(now: now, changes: &changes)
        let hasFreed = expireLeases(now: now, changes: &changes)
        let isDue = reconcileAt.map { $0 <= now.monotonicMilliseconds } ?? false
        if hasExpired || hasFreed || isDue {
            reconcileAt = nil
            reconcile(now: now, changes: &changes)
        }
        self.wakeAt = nextDeadline()
    }

    /// Notes when the lease of a partition is to be looked at.
    mutating func wakeForLease(of partition: TopicPartition) {
        guard let holder = self[partition]?.holder, let deadline = leaseDeadline(of: holder) else { return }
        wake(at: deadline)
    }

    /// When the lease of a holder needs attention: its warning, or its end.
    ///
    /// Never, while the holder keeps its partitions though it is away: then the end of its session decides.
    private func leaseDeadline(of holder: Holder) -> Int64? {
        guard let lease = holder.lease, let member = members[holder.member] else { return nil }
        if member.isKept, holder.phase == .owned { return nil }
        return lease.isWarned || !member.isConnected
            ? lease.deadline(after: commitTimeout) : lease.warning(after: commitTimeout)
    }

    private mutating func expireSessions(now: GroupNow, changes: inout GroupChanges) -> Bool {
        let expired = members.values.filter { member in
            guard case .disconnected(let until) = member.presence else { return false }
            return until <= now.monotonicMilliseconds
        }
        for id in expired.map(\.id).sorted() {
            expire(id, now: now, changes: &changes)
        }
        return !expired.isEmpty
    }

    private mutating func expireLeases(now: GroupNow, changes: inout GroupChanges) -> Bool {
        var hasFreed = false
        for partition in allPartitions {
            guard let state = self[partition], let holder = state.holder, let lease = holder.lease,
                let due = leaseDeadline(of: holder), due <= now.monotonicMilliseconds
            else { continue }
            let deadline = lease.deadline(after: commitTimeout)
            if deadline <= now.monotonicMilliseconds {
                if holder.phase == .owned { members[holder.member]?.isStalled = true }
                free(partition, reason: .commitTimeout, changes: &changes)
                hasFreed = true
            } else {
                update(partition) { $0.holder?.lease?.isWarned = true }
                changes.warn(
                    holder.member,
                    of: LeasePartition(partition: partition, epoch: state.epoch),
                    deadlineMilliseconds: deadline - now.monotonicMilliseconds
                )
            }
        }
        return hasFreed
    }

    /// The exact next deadline.
    func nextDeadline() -> Int64? {
        var next = reconcileAt
        for member in members.values {
            guard case .disconnected(let until) = member.presence else { continue }
            next = min(next ?? until, until)
        }
        for topic in topics.values {
            for partition in topic.partitions {
                guard let holder = partition.holder, let due = leaseDeadline(of: holder) else { continue }
                next = min(next ?? due, due)
            }
        }
        return next
    }
}
