import RecordFormat

/// Committing, and the leases that commits renew.
extension ConsumerGroup {
    /// Stores offsets, each on its own; what is finished by a commit moves at once.
    mutating func commit(_ commit: GroupCommit, now: GroupNow, changes: inout GroupChanges) {
        seen(commit.member, now: now)
        var isFinished = false
        var results: [CommitResult] = []
        results.reserveCapacity(commit.items.count)
        for item in commit.items {
            let status = self.status(of: item, by: commit.member)
            if case .committed = status, apply(item, by: commit.member, now: now, changes: &changes) {
                isFinished = true
            }
            results.append(CommitResult(partition: item.partition, status: status))
        }
        changes.reply(commit.request, .committed(results))
        guard isFinished else { return }
        history.note(.handedOver(commit.member))
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// Renews leases without a commit.
    mutating func progress(_ request: GroupLeaseRequest, now: GroupNow, changes: inout GroupChanges) {
        seen(request.member, now: now)
        let results = request.partitions.map { item in
            let status = status(of: item, by: request.member)
            if status == .done, !isPlanted(.progressIgnored) {
                renewLease(of: item.partition, now: now, changes: &changes)
            }
            return LeaseResult(partition: item.partition, status: status)
        }
        changes.reply(request.request, .progressed(results))
    }

    /// Takes partitions back that their holder gives up; what it did not commit is delivered again.
    mutating func release(_ request: GroupLeaseRequest, now: GroupNow, changes: inout GroupChanges) {
        seen(request.member, now: now)
        let results = request.partitions.map { item in
            let status = status(of: item, by: request.member)
            if status == .done, !isPlanted(.releaseIgnored) {
                free(item.partition, reason: .released, changes: &changes)
            }
            return LeaseResult(partition: item.partition, status: status)
        }
        changes.reply(request.request, .released(results))
        guard results.contains(where: { $0.status == .done }) else { return }
        history.note(.released(request.member))
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// Notes that records are about to be delivered; `false` where the partition is not the member's to read.
    mutating func deliver(_ delivery: GroupDelivery, now: GroupNow) -> Bool {
        guard let state = self[delivery.partition], state.isHeld(by: delivery.member, in: delivery.epoch),
            state.holder?.phase == .owned || isPlanted(.deliveredWhileRevoking),
            members[delivery.member]?.isConnected == true
        else { return false }
        isThere(delivery.member, now: now)
        let isRenewing = isPlanted(.deliveryRenewsLease)
        update(delivery.partition) { state in
            let delivered = max(state.holder?.delivered ?? delivery.next, delivery.next)
            state.holder?.delivered = delivered
            state.holder?.mark(delivered, at: now.monotonicMilliseconds)
            let isFirst = isRenewing || state.holder?.lease == nil || state.holder?.isAwaitingRedelivery == true
            if isFirst, state.hasUncommitted {
                state.holder?.lease = Lease(startedAt: now.monotonicMilliseconds)
            }
            state.holder?.isAwaitingRedelivery = false
        }
        wakeForLease(of: delivery.partition)
        return true
    }

    /// What becomes of an item: nothing is changed yet.
    private func status(of item: CommitItem, by member: MemberID) -> CommitResult.Status {
        guard let state = self[item.partition], topics[item.partition.topic]?.id == item.topicID else {
            return .unknownPartition
        }
        guard item.metadata.utf8.count <= configuration.metadataBytesMax else {
            return .metadataTooLong(bytesMax: configuration.metadataBytesMax)
        }
        guard state.epoch.value > 0, let committed = state.committed else { return .notAssigned }
        let by = isPlanted(.commitMemberIgnored) ? state.holder?.member ?? member : member
        let epoch = isPlanted(.commitEpochIgnored) ? state.epoch : item.epoch
        guard state.isHeld(by: by, in: epoch), let holder = state.holder else {
            return .fenced(owner: state.holder?.member, epoch: state.epoch)
        }
        if item.offset < committed.offset, !isPlanted(.commitGoesBack) {
            return .outdated(committed: committed.offset)
        }
        if item.offset == committed.offset { return .committed(item.offset) }
        if item.offset > item.visible, !isPlanted(.commitBeyondVisible) {
            return .beyondVisible(visible: item.visible)
        }
        if holder.isSeenWhole, !isPlanted(.commitBeyondDelivery), let delivered = holder.delivered,
            item.offset > delivered
        {
            return .beyondDelivery(delivered: delivered)
        }
        return .committed(item.offset)
    }

    private func status(of item: LeasePartition, by member: MemberID) -> LeaseResult.Status {
        guard let state = self[item.partition] else { return .unknownPartition }
        guard state.isHeld(by: member, in: item.epoch) else {
            return .fenced(owner: state.holder?.member, epoch: state.epoch)
        }
        return .done
    }

    /// Stores an offset, and returns whether the partition became free by it.
    ///
    /// The same offset a second time stores nothing and renews nothing: the answer to the first was lost, or a worker
    /// is stuck, and neither is progress.
    private mutating func apply(
        _ item: CommitItem,
        by member: MemberID,
        now: GroupNow,
        changes: inout GroupChanges
    ) -> Bool {
        let former = self[item.partition]?.committed
        if isPlanted(.repeatedCommitRenewsLease) { renewLease(of: item.partition, now: now, changes: &changes) }
        guard item.offset != former?.offset || item.metadata != former?.metadata else { return false }
        update(item.partition) {
            $0.committed = OffsetCommitValue(offset: item.offset, metadata: item.metadata, timestamp: now.wall)
        }
        if !isPlanted(.commitNotStored) { changes.commits.insert(item.partition) }
        guard item.offset != former?.offset else { return false }
        update(item.partition) { $0.holder?.deliveries.removeAll { $0.next <= item.offset } }
        guard let state = self[item.partition], !state.hasUncommitted else {
            renewLease(of: item.partition, now: now, changes: &changes)
            return false
        }
        update(item.partition) { $0.holder?.lease = nil }
        guard state.holder?.phase != .owned, !isPlanted(.commitEndsNothing) else { return false }
        free(item.partition, reason: .rebalanced, changes: &changes)
        return true
    }

    /// Begins a lease anew.
    ///
    /// A hand-over that is under way gets the new deadline too, and keeps it over a restart.
    private mutating func renewLease(of partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        let until = now.wall.advanced(byMilliseconds: commitTimeout)
        let isStored = update(partition) { state in
            guard state.hasUncommitted else { return false }
            state.holder?.lease = Lease(startedAt: now.monotonicMilliseconds)
            switch state.holder?.phase {
            case .revoking: state.holder?.phase = .revoking(until: until)
            case .draining: state.holder?.phase = .draining(until: until)
            case .owned, nil: return false
            }
            return true
        }
        if isStored { changes.partitions.insert(partition) }
        wakeForLease(of: partition)
    }
}
