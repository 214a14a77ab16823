import RecordFormat

/// Bringing what is held to what should be held: revoke before assign.
extension ConsumerGroup {
    /// Lets the joins of the next moments come in before partitions move for them.
    mutating func scheduleReconcile(now: GroupNow) {
        guard reconcileAt == nil else { return }
        let time = now.monotonicMilliseconds + configuration.joinDebounceMilliseconds
        reconcileAt = time
        wake(at: time)
    }

    /// Computes who should hold what, asks back what is held by others, and gives away what nobody holds.
    ///
    /// There is no stored target: what is asked back counts as nobody's, quotas are the same each time, and so a second
    /// run without a change in between moves nothing. Nothing happens while nobody is there to receive.
    mutating func reconcile(now: GroupNow, changes: inout GroupChanges) {
        let receivers = members.values.filter(\.isConnected)
            .sorted { ($0.isStalled ? 1 : 0, $0.id) < ($1.isStalled ? 1 : 0, $1.id) }.map(\.id)
        guard !receivers.isEmpty else { return }
        reconcileAt = nil
        drainAbsent(now: now, changes: &changes)
        let (slots, holders) = slots(receivers: receivers)
        let target = UniformAssignor.assign(holders: holders, memberCount: receivers.count)
        for (slot, partition) in slots.enumerated() {
            if let holder = holders[slot], holder != target[slot] {
                revoke(partition, now: now, changes: &changes)
            }
            give(partition, to: receivers[target[slot]], changes: &changes)
        }
        announce(to: receivers, areStartsKnown: slots.allSatisfy { self[$0]?.committed != nil }, changes: &changes)
    }

    /// Tells newcomers what they got, if only that there is nothing for them; but not while starts are being resolved,
    /// when nobody can get anything yet.
    private mutating func announce(to receivers: [MemberID], areStartsKnown: Bool, changes: inout GroupChanges) {
        for id in receivers where members[id]?.isUnannounced == true {
            guard areStartsKnown || changes.assigned[id] != nil else { continue }
            members[id]?.isUnannounced = false
            changes.announce(to: id)
        }
    }

    /// The partitions to be shared out, and who of the receivers holds which.
    ///
    /// What belongs to a member that keeps its partitions while it is away is left out: neither it nor its share is
    /// part of the sum until it is back or gone.
    private func slots(receivers: [MemberID]) -> (slots: [TopicPartition], holders: [Int?]) {
        let index = Dictionary(uniqueKeysWithValues: receivers.enumerated().map { ($1, $0) })
        var slots: [TopicPartition] = []
        var holders: [Int?] = []
        for partition in allPartitions {
            let holder = self[partition]?.holder
            if let holder, holder.phase == .owned {
                guard let receiver = index[holder.member] else { continue }
                holders.append(receiver)
            } else {
                holders.append(nil)
            }
            slots.append(partition)
        }
        return (slots, holders)
    }

    /// Starts to take what belongs to members without a connection, but for those that keep it.
    private mutating func drainAbsent(now: GroupNow, changes: inout GroupChanges) {
        let absent = members.values.filter { !$0.isConnected && !$0.isKept }
        guard !absent.isEmpty else { return }
        let ids = Set(absent.map(\.id))
        for partition in allPartitions {
            guard let holder = self[partition]?.holder, ids.contains(holder.member), holder.phase == .owned else {
                continue
            }
            drain(partition, now: now, changes: &changes)
            raiseEpoch(&changes)
        }
    }

    /// Takes a partition from a member without a connection: at once, or when it is committed or out of time.
    mutating func drain(_ partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        guard let state = self[partition], let holder = state.holder, holder.phase == .owned else { return }
        guard state.hasUncommitted else { return free(partition, reason: .rebalanced, changes: &changes) }
        let until = startHandOver(partition, now: now)
        update(partition) { $0.holder?.phase = .draining(until: now.wall(at: until)) }
        changes.partitions.insert(partition)
    }

    /// Takes a partition from a connected member: at once, or when it is committed, released or out of time.
    private mutating func revoke(_ partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        guard let state = self[partition], let holder = state.holder else { return }
        guard state.hasUncommitted else { return free(partition, reason: .rebalanced, changes: &changes) }
        let until = startHandOver(partition, now: now)
        update(partition) { $0.holder?.phase = .revoking(until: now.wall(at: until)) }
        changes.partitions.insert(partition)
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
        update(partition) { $0.holder = nil }
        changes.partitions.insert(partition)
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
        let epoch = lastPartitionEpoch.next
        lastPartitionEpoch = epoch
        changes.isGroupChanged = true
        changes.partitions.insert(partition)
        update(partition) { state in
            precondition(state.holder == nil, "\(partition) has a holder already")
            state.epoch = epoch
            state.holder = Holder(member: member, delivered: state.committed?.offset)
        }
        return epoch
    }
}

extension GroupNow {
    /// The wall time at which the monotonic clock will show a time.
    func wall(at monotonic: Int64) -> Timestamp {
        wall.advanced(byMilliseconds: monotonic - monotonicMilliseconds)
    }
}
