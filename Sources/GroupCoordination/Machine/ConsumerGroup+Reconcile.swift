import RecordFormat

/// Bringing what is held to what should be held: revoke before assign.
extension ConsumerGroup {
    /// Lets the joins of the next moments come in before partitions move for them.
    ///
    /// The bound counts from the first of them: a storm that goes on is absorbed piece by piece, and nobody waits longer.
    mutating func scheduleReconcile(after milliseconds: Int64, now: GroupNow) {
        guard reconcileAt == nil else { return }
        let time = now.monotonicMilliseconds + milliseconds
        reconcileAt = time
        wake(at: time)
    }

    /// Reconciles now, or with the joins that are being collected: what is given away now would move again at once.
    mutating func reconcileUnlessCollecting(now: GroupNow, changes: inout GroupChanges) {
        guard reconcileAt == nil else { return }
        reconcile(now: now, changes: &changes)
    }

    /// Computes who should hold what, asks back what is held by others, and gives away what nobody holds.
    ///
    /// There is no stored target: what is asked back counts as nobody's, quotas are the same each time, and so a second
    /// run without a change in between moves nothing. Nothing happens while nobody is there to receive.
    mutating func reconcile(now: GroupNow, changes: inout GroupChanges) {
        let receivers = receivers
        guard !receivers.isEmpty else { return }
        reconcileAt = nil
        changes.isReconciled = true
        drainAbsent(now: now, changes: &changes)
        let (slots, holders) = slots(receivers: receivers)
        let target = target(holders: holders, receivers: receivers)
        for (slot, partition) in slots.enumerated() {
            if target[slot] != holders[slot] || isPlanted(.worldStopped) {
                revoke(partition, now: now, changes: &changes)
            }
            give(partition, to: receivers[target[slot]], changes: &changes)
        }
        announce(to: receivers, areStartsKnown: slots.allSatisfy { self[$0]?.committed != nil }, changes: &changes)
    }

    /// Who partitions are shared among: whoever is connected, but for those that are stalled while others are not.
    private var receivers: [MemberID] {
        let connected = members.values.filter(\.isConnected)
        let isPreferred: (GroupMember) -> Bool =
            isPlanted(.stalledMemberPreferred) ? { _ in true } : { !$0.isStalled }
        let lively = connected.filter(isPreferred)
        return (lively.isEmpty ? connected : lively).map(\.id).sorted()
    }

    private func target(holders: [Int?], receivers: [MemberID]) -> [Int] {
        let none = [Int?](repeating: nil, count: holders.count)
        var target = UniformAssignor.assign(
            holders: isPlanted(.dealtAnew) ? none : holders,
            memberCount: receivers.count
        )
        if isPlanted(.dealtAnew) { target = target.map { ($0 + Int(epoch.value)) % receivers.count } }
        if isPlanted(.unevenShares), let first = target.firstIndex(of: receivers.count - 1) { target[first] = 0 }
        return target
    }

    /// Tells newcomers what they got, if only that there is nothing for them; but not while starts are being resolved,
    /// when nobody can get anything yet.
    private mutating func announce(to receivers: [MemberID], areStartsKnown: Bool, changes: inout GroupChanges) {
        for id in receivers where members[id]?.isUnannounced == true {
            guard areStartsKnown || changes.assigned[id] != nil else { continue }
            if isPlanted(.standbyNotTold), changes.assigned[id] == nil { continue }
            members[id]?.isUnannounced = false
            changes.announce(to: id)
        }
    }

    /// The partitions to be shared out, and who of the receivers holds which.
    ///
    /// What belongs to a member that keeps its partitions while it is away is left out: neither it nor its share is
    /// part of the sum until it is back or gone. What a stalled member holds is nobody's.
    private func slots(receivers: [MemberID]) -> (slots: [TopicPartition], holders: [Int?]) {
        let index = Dictionary(uniqueKeysWithValues: receivers.enumerated().map { ($1, $0) })
        var slots: [TopicPartition] = []
        var holders: [Int?] = []
        for partition in allPartitions {
            let holder = self[partition]?.holder
            if let holder, holder.phase == .owned {
                guard index[holder.member] != nil || members[holder.member]?.isConnected == true else { continue }
                holders.append(index[holder.member])
            } else {
                holders.append(nil)
            }
            slots.append(partition)
        }
        return (slots, holders)
    }

    /// Starts to take what belongs to members without a connection, but for those that keep it.
    private mutating func drainAbsent(now: GroupNow, changes: inout GroupChanges) {
        let absent = members.values.filter { !$0.isConnected && !$0.isKept(configuration) }
        guard !absent.isEmpty else { return }
        let ids = Set(absent.map(\.id))
        let left = partitions { state in
            state.holder.map { ids.contains($0.member) && $0.phase == .owned } ?? false
        }
        for partition in left {
            drain(partition, now: now, changes: &changes)
            raiseEpoch(&changes)
        }
    }

    /// Takes a partition from a member without a connection: at once, or when it is committed or out of time.
    mutating func drain(_ partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        guard let state = self[partition], let holder = state.holder, holder.phase == .owned else { return }
        guard state.hasUncommitted, !isPlanted(.drainedTooShort) else {
            return free(partition, reason: .rebalanced, changes: &changes)
        }
        let until = startHandOver(partition, now: now)
        update(partition) { $0.holder?.phase = .draining(until: now.wall(at: until)) }
        changes.partitions.insert(partition)
        changes.noteAskedBack(partition, from: holder.member)
    }

    /// Takes a partition from a connected member: at once, or when it is committed, released or out of time.
    private mutating func revoke(_ partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        guard let state = self[partition], let holder = state.holder, holder.phase == .owned else { return }
        guard state.hasUncommitted, !isPlanted(.revokedTooShort) else {
            return free(partition, reason: .rebalanced, changes: &changes)
        }
        let until = startHandOver(partition, now: now)
        update(partition) { $0.holder?.phase = .revoking(until: now.wall(at: until)) }
        changes.partitions.insert(partition)
        changes.noteAskedBack(partition, from: holder.member)
        changes.askBack(
            LeasePartition(partition: partition, epoch: state.epoch),
            from: holder.member,
            deadlineMilliseconds: until - now.monotonicMilliseconds
        )
    }

    /// Makes sure that a lease runs, and returns when it ends.
    private mutating func startHandOver(_ partition: TopicPartition, now: GroupNow) -> Int64 {
        let timeout = commitTimeout
        let until = update(partition) { state in
            let lease = state.holder?.lease ?? Lease(startedAt: now.monotonicMilliseconds)
            state.holder?.lease = lease
            return lease.deadline(after: timeout)
        }
        wake(at: until)
        return until
    }

    /// Ends a holder's time; whoever it was is told, if it is there.
    mutating func free(_ partition: TopicPartition, reason: RevokedReason, changes: inout GroupChanges) {
        guard let state = self[partition], let holder = state.holder else { return }
        setHolder(nil, of: partition, changes: &changes)
        guard members[holder.member]?.isConnected == true else { return }
        changes.revoke(
            RevokedPartition(
                partition: partition,
                epoch: state.epoch,
                committed: state.committed?.offset,
                reason: reason
            ),
            from: holder.member
        )
    }

    /// Gives a partition to a member if nobody holds it and its start is known, and tells the member.
    private mutating func give(_ partition: TopicPartition, to member: MemberID, changes: inout GroupChanges) {
        if isPlanted(.assignedBeforeRevoked), let holder = self[partition]?.holder, case .revoking = holder.phase,
            holder.member != member
        {
            setHolder(nil, of: partition, changes: &changes)
        }
        if isPlanted(.assignedWithoutStart), self[partition]?.committed == nil {
            begin(partition, at: .zero, now: GroupNow(monotonicMilliseconds: 0, wall: .epoch), changes: &changes)
        }
        guard let state = self[partition], state.holder == nil, let committed = state.committed,
            let topicID = topics[partition.topic]?.id
        else { return }
        let epoch = take(partition, by: member, changes: &changes)
        changes.assign(
            AssignedPartition(partition: partition, topicID: topicID, epoch: epoch, start: committed.offset),
            to: member
        )
    }

    /// Makes a member the holder of a free partition, in a new epoch.
    @discardableResult
    mutating func take(
        _ partition: TopicPartition,
        by member: MemberID,
        changes: inout GroupChanges
    ) -> PartitionEpoch {
        precondition(self[partition]?.holder == nil, "\(partition) has a holder already")
        let isReused = isPlanted(.epochReused) && (self[partition]?.epoch.value ?? 0) > 0
        let epoch = isReused ? self[partition]?.epoch ?? lastPartitionEpoch : lastPartitionEpoch.next
        lastPartitionEpoch = max(epoch, lastPartitionEpoch)
        changes.isGroupChanged = true
        let start = self[partition]?.committed?.offset
        setHolder(Holder(member: member, delivered: start), of: partition, changes: &changes)
        update(partition) { $0.epoch = epoch }
        return epoch
    }
}

extension GroupNow {
    /// The wall time at which the monotonic clock will show a time.
    func wall(at monotonic: Int64) -> Timestamp {
        wall.advanced(byMilliseconds: monotonic - monotonicMilliseconds)
    }
}
