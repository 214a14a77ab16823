import RecordFormat

/// Topics that come, grow and go; starts that become known.
extension ConsumerGroup {
    /// Whether a topic is on the group's list, or its commits are kept.
    func knows(_ topic: TopicName) -> Bool { topics[topic] != nil || kept[topic] != nil }

    /// The first look at a new group's topics: the starts of their partitions are to be resolved.
    mutating func begin(with descriptions: [GroupTopicDescription]) {
        for description in descriptions {
            topics[description.name] = GroupTopic(
                id: description.id,
                partitions: Array(repeating: GroupPartition(), count: Int(description.partitionCount))
            )
        }
    }

    /// A joiner's look at the topics.
    ///
    /// It may be older than what the group knows, so it fills gaps and changes nothing.
    mutating func adopt(_ descriptions: [GroupTopicDescription], now: GroupNow, changes: inout GroupChanges) {
        for description in descriptions {
            guard let topic = topics[description.name], topic.id == nil || topic.id == description.id else { continue }
            grow(to: description, now: now, changes: &changes)
        }
    }

    /// A topic was created or has grown.
    mutating func topicChanged(_ topic: GroupTopicDescription, now: GroupNow, changes: inout GroupChanges) {
        if let former = kept[topic.name], former.id != topic.id { forget(topic.name, changes: &changes) }
        guard let known = topics[topic.name] else { return }
        if isPlanted(.topicIdentityIgnored), known.id != nil { topics[topic.name]?.id = topic.id }
        if let id = topics[topic.name]?.id, id != topic.id { drop(topic.name, changes: &changes) }
        guard grow(to: topic, now: now, changes: &changes) else { return }
        history.note(.topicGrew(topic.name))
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// A topic is deleted: its partitions and their commits go with it.
    ///
    /// Without any topic left there is nothing to wait for, and the members are sent away.
    mutating func topicDeleted(_ topic: TopicName, _ id: TopicID, now: GroupNow, changes: inout GroupChanges) {
        if kept[topic]?.id == id { forget(topic, changes: &changes) }
        guard let known = topics[topic], known.id == id else { return }
        drop(topic, changes: &changes)
        history.note(.topicDeleted(topic))
        guard topics.values.contains(where: { $0.id != nil }) else {
            for member in members.values.sorted(by: { $0.id < $1.id }) {
                remove(member, reason: .topicDeleted, changes: &changes)
            }
            return
        }
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// Stores starts that the shell has resolved.
    ///
    /// The first answer counts: `latest` never means a second place.
    mutating func startResolved(_ offsets: [ResolvedStart], now: GroupNow, changes: inout GroupChanges) {
        for start in offsets {
            guard let state = self[start.partition], topics[start.partition.topic]?.id == start.topicID,
                state.committed == nil || isPlanted(.startResolvedTwice)
            else { continue }
            begin(start.partition, at: start.offset, now: now, changes: &changes)
            if isPlanted(.startNotStored) { changes.commits.remove(start.partition) }
        }
        guard !changes.partitions.isEmpty else { return }
        history.note(.startsResolved)
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// Asks for the starts that are not known yet.
    func askForStarts(_ changes: inout GroupChanges) {
        for (name, topic) in topics {
            guard let id = topic.id else { continue }
            for index in topic.partitions.indices where topic.partitions[index].committed == nil {
                let unresolved = TopicPartition(name, PartitionIndex(Int32(index)))
                changes.startsToResolve.append(StartPartition(partition: unresolved, topicID: id))
            }
        }
    }

    /// Adds partitions that the group has not seen: nothing in them was ever skipped on purpose, so they start at 0.
    @discardableResult
    mutating func grow(
        to topic: GroupTopicDescription,
        now: GroupNow,
        changes: inout GroupChanges
    ) -> Bool {
        let known = topics[topic.name]?.partitions.count ?? 0
        let isNew = topics[topic.name]?.id == nil
        let count = Int(topic.partitionCount)
        guard isNew || count > known else { return false }
        topics[topic.name]?.id = topic.id
        raiseEpoch(&changes)
        for index in known..<max(known, count) where !isPlanted(.addedPartitionsForgotten) || isNew {
            topics[topic.name]?.partitions.append(GroupPartition())
            let added = TopicPartition(topic.name, PartitionIndex(Int32(index)))
            begin(added, at: .zero, now: now, changes: &changes)
        }
        return true
    }

    /// Stores where a partition begins.
    mutating func begin(
        _ partition: TopicPartition,
        at offset: Offset,
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        update(partition) { $0.committed = OffsetCommitValue(offset: offset, timestamp: now.wall) }
        changes.commits.insert(partition)
        changes.partitions.insert(partition)
    }

    /// Takes a topic's partitions out, with tombstones for what is stored of them.
    private mutating func drop(_ topic: TopicName, changes: inout GroupChanges) {
        guard let known = topics[topic] else { return }
        noteTombstones(of: topic, known, changes: &changes)
        for (index, state) in known.partitions.enumerated() {
            guard let holder = state.holder else { continue }
            let partition = TopicPartition(topic, PartitionIndex(Int32(index)))
            changes.noteHolder(holder.member, of: partition)
            guard members[holder.member]?.isConnected == true else { continue }
            changes.revoke(
                RevokedPartition(partition: partition, epoch: state.epoch, committed: nil, reason: .topicDeleted),
                from: holder.member
            )
        }
        topics[topic] = GroupTopic()
        raiseEpoch(&changes)
    }

    /// Ends the commits that are kept of a topic off the list.
    private mutating func forget(_ topic: TopicName, changes: inout GroupChanges) {
        guard let former = kept.removeValue(forKey: topic) else { return }
        noteTombstones(of: topic, former, changes: &changes)
        changes.isGroupChanged = true
    }
}
