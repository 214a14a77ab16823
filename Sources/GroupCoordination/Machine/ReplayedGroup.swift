import RecordFormat

/// A group while its records are read: the latest of each key, in whatever order compaction has left them.
struct ReplayedGroup: Sendable {
    private var group: GroupValue?
    private var members: [MemberID: MemberValue] = [:]
    private var partitions: [TopicPartition: PartitionValue] = [:]
    private var commits: [TopicPartition: OffsetCommitValue] = [:]

    mutating func replay(_ key: GroupRecordKey, _ value: [UInt8]?) throws(GroupRecordError) {
        switch key {
        case .group:
            if let value { group = try GroupValue(decoding: value) } else { group = nil }
        case .member(_, let member):
            if let value { members[member] = try MemberValue(decoding: value) } else { members[member] = nil }
        case .partition(_, let partition):
            if let value {
                partitions[partition] = try PartitionValue(decoding: value)
            } else {
                partitions[partition] = nil
            }
        case .offsetCommit(_, let partition):
            if let value {
                commits[partition] = try OffsetCommitValue(decoding: value)
            } else {
                commits[partition] = nil
            }
        }
    }

    /// The group as of its last record, or `nil` where its own record is missing: it was deleted.
    ///
    /// Nobody is connected, and what was delivered is unknown but for partitions that were being handed over. All
    /// timers start now, but for the ends of hand-overs, which are wall time.
    func restored(name: GroupName, configuration: GroupConfiguration, now: GroupNow) -> ConsumerGroup? {
        guard let value = group else { return nil }
        var group = ConsumerGroup(
            name: name,
            configuration: configuration,
            rules: GroupRules(value, configuration),
            topics: value.topics.filter { !$0.isKept }.map(\.name)
        )
        group.epoch = value.epoch
        group.lastPartitionEpoch = value.lastPartitionEpoch
        for (id, member) in members {
            group.members[id] = restored(id, member, sessionTimeout: group.rules.sessionTimeout, now: now)
            if let instance = member.instance, !member.isGone { group.instances[instance] = id }
        }
        for topic in value.topics {
            let restored = restored(topic, in: group, now: now)
            if topic.isKept { group.kept[topic.name] = restored } else { group.topics[topic.name] = restored }
        }
        group.emptySince = value.extras?.emptySince
        if configuration.isPlanted(.lifeBegunAnewAtRestart), group.emptySince != nil { group.emptySince = now.wall }
        group.setEnd(now: now)
        group.history.note(.coordinatorStarted)
        group.wakeAt = group.nextDeadline()
        return group
    }

    private func restored(
        _ id: MemberID,
        _ value: MemberValue,
        sessionTimeout: Int64,
        now: GroupNow
    ) -> GroupMember {
        let deadline = now.monotonicMilliseconds + sessionTimeout
        return GroupMember(
            id: id,
            instance: value.instance,
            epoch: value.epoch,
            joinedAt: value.joinedAt,
            presence: value.isGone ? .gone : .disconnected(until: deadline),
            isRecovered: true,
            seenAt: now.monotonicMilliseconds
        )
    }

    private func restored(_ topic: GroupValue.Topic, in group: ConsumerGroup, now: GroupNow) -> GroupTopic {
        let partitions = (0..<topic.partitionCount).map { index in
            let partition = TopicPartition(topic.name, PartitionIndex(index))
            // Without its own record, or with that of another topic, a commit belongs to something that was deleted.
            guard let value = self.partitions[partition], value.topicID == topic.id,
                let committed = commits[partition]
            else { return GroupPartition() }
            let holder = value.holder.flatMap { members[$0.owner] == nil ? nil : $0 }
            return GroupPartition(
                epoch: value.epoch,
                committed: committed,
                holder: holder.map { restored($0, in: group, now: now) }
            )
        }
        return GroupTopic(id: topic.id, partitions: partitions)
    }

    private func restored(_ value: PartitionValue.Holder, in group: ConsumerGroup, now: GroupNow) -> Holder {
        var holder = Holder(member: value.owner, delivered: nil, isSeenWhole: false)
        if group.isPlanted(.deliveryTrustedAfterRestart) { holder.isSeenWhole = true }
        switch value.phase {
        case .owned:
            holder.lease = Lease(startedAt: now.monotonicMilliseconds)
        case .revoking(let delivered, let until):
            holder.phase = .revoking(until: until)
            holder.delivered = delivered
            holder.lease = lease(until: until, in: group, now: now)
        case .draining(let delivered, let until):
            holder.phase = .draining(until: until)
            holder.delivered = delivered
            holder.lease = lease(until: until, in: group, now: now)
        }
        return holder
    }

    /// The lease that ends at a wall time: not before now, and not later than a whole lease from now, whatever was done
    /// to the clock meanwhile.
    private func lease(until: Timestamp, in group: ConsumerGroup, now: GroupNow) -> Lease {
        if group.isPlanted(.handOverDeadlineForgotten) { return Lease(startedAt: now.monotonicMilliseconds) }
        let commitTimeout = group.commitTimeout
        let (left, isOverflow) = until.millisecondsSinceEpoch
            .subtractingReportingOverflow(now.wall.millisecondsSinceEpoch)
        let remaining = isOverflow ? 0 : min(max(0, left), commitTimeout)
        return Lease(startedAt: now.monotonicMilliseconds + remaining - commitTimeout)
    }
}
