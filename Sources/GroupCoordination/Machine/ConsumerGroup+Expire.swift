import RecordFormat

/// What falls due: sessions, leases, warnings, collected joins.
extension ConsumerGroup {
    /// Carries out everything that is due.
    mutating func tick(now: GroupNow, changes: inout GroupChanges) {
        guard let wakeAt, wakeAt <= now.monotonicMilliseconds else { return }
        if let endsAt, endsAt <= now.monotonicMilliseconds { return end(.groupDeleted, changes: &changes) }
        let hasExpired = expireSessions(now: now, changes: &changes)
        let hasFreed = expireLeases(now: now, changes: &changes)
        let isDue = reconcileAt.map { $0 <= now.monotonicMilliseconds } ?? false
        if isDue {
            reconcileAt = nil
            reconcile(now: now, changes: &changes)
        } else if hasExpired || hasFreed {
            reconcileUnlessCollecting(now: now, changes: &changes)
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
        if member.isKept(configuration), holder.phase == .owned { return nil }
        return lease.isWarned || !member.isConnected
            ? lease.deadline(after: commitTimeout) : lease.warning(after: commitTimeout)
    }

    private mutating func expireSessions(now: GroupNow, changes: inout GroupChanges) -> Bool {
        let expired = members.values.filter { ($0.sessionDeadline ?? .max) <= now.monotonicMilliseconds }
            .filter { !isPlanted(.heartbeatsNotNeeded) || !$0.isConnected }
            .filter { !isPlanted(.sessionNeverEnds) || $0.isConnected }
        for id in expired.map(\.id).sorted() {
            expire(id, now: now, changes: &changes)
        }
        return !expired.isEmpty
    }

    private func isDue(_ state: GroupPartition, _ now: GroupNow) -> Bool {
        guard let holder = state.holder, let due = leaseDeadline(of: holder) else { return false }
        return due <= now.monotonicMilliseconds
    }

    private mutating func expireLeases(now: GroupNow, changes: inout GroupChanges) -> Bool {
        var hasFreed = false
        for partition in partitions(where: { isDue($0, now) }) {
            guard let state = self[partition], let holder = state.holder, let lease = holder.lease else { continue }
            let deadline = lease.deadline(after: commitTimeout)
            if deadline <= now.monotonicMilliseconds {
                if isPlanted(.commitTimeoutIgnored) { continue }
                noteStalled(holder.member, now: now)
                history.note(.commitTimedOut(holder.member))
                free(partition, reason: .commitTimeout, changes: &changes)
                hasFreed = true
            } else {
                update(partition) { $0.holder?.lease?.isWarned = true }
                if isPlanted(.warningOmitted) { continue }
                changes.warn(
                    holder.member,
                    of: LeasePartition(partition: partition, epoch: state.epoch),
                    deadlineMilliseconds: deadline - now.monotonicMilliseconds
                )
            }
        }
        return hasFreed
    }

    /// A member of which nothing was heard for a whole commit timeout is stalled: one slow partition among others that
    /// are committed is no reason to take those.
    private mutating func noteStalled(_ id: MemberID, now: GroupNow) {
        guard let member = members[id], member.isConnected else { return }
        if member.seenAt + commitTimeout <= now.monotonicMilliseconds { members[id]?.isStalled = true }
    }

    /// Notes that an explicit member is there: that alone does not say that it works.
    mutating func isThere(_ id: MemberID, now: GroupNow) {
        guard case .heartbeating(let connection, _) = members[id]?.presence else { return }
        let until = now.monotonicMilliseconds + rules.sessionTimeout
        members[id]?.presence = .heartbeating(connection, until: until)
    }

    /// Notes that a member has sent a commit, a progress or a release.
    mutating func seen(_ id: MemberID, now: GroupNow) {
        guard let member = members[id], !member.isGone else { return }
        isThere(id, now: now)
        members[id]?.seenAt = now.monotonicMilliseconds
        guard member.isStalled else { return }
        members[id]?.isStalled = false
        history.note(.memberRevived(id))
        scheduleReconcile(after: configuration.joinDebounceMilliseconds, now: now)
    }

    /// Keeps in mind since when there is no member, and when an ephemeral group ends for it.
    mutating func noteEmptiness(now: GroupNow, changes: inout GroupChanges) {
        guard !changes.isEnded else { return }
        let isEmpty = livingCount == 0
        if isEmpty == (emptySince != nil) { return }
        emptySince = isEmpty ? now.wall : nil
        changes.isGroupChanged = true
        setEnd(now: now)
    }

    /// When an ephemeral group ends: a time to live from the moment since which it has had no member, and not later than
    /// a whole one from now, whatever was done to the clock meanwhile.
    mutating func setEnd(now: GroupNow) {
        endsAt = nil
        guard let timeToLive = rules.timeToLive else { return }
        guard let emptySince = isPlanted(.expiredUnderMembers) ? now.wall : emptySince else { return }
        let (passed, isOverflow) = now.wall.millisecondsSinceEpoch
            .subtractingReportingOverflow(emptySince.millisecondsSinceEpoch)
        let left = isOverflow ? 0 : min(max(0, timeToLive - max(0, passed)), timeToLive)
        let time = now.monotonicMilliseconds + left
        endsAt = time
        wake(at: time)
    }

    /// The exact next deadline.
    func nextDeadline() -> Int64? {
        var next = reconcileAt
        if let endsAt { next = min(next ?? endsAt, endsAt) }
        for member in members.values {
            guard let until = member.sessionDeadline else { continue }
            next = min(next ?? until, until)
        }
        for topic in topics.values {
            for index in topic.partitions.indices where topic.partitions[index].holder?.lease != nil {
                guard let holder = topic.partitions[index].holder, let due = leaseDeadline(of: holder) else { continue }
                next = min(next ?? due, due)
            }
        }
        return next
    }
}
