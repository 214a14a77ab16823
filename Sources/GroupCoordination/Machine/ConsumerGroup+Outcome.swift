import RecordFormat

/// From what was touched to what is stored and said.
extension ConsumerGroup {
    /// Ends a command: makes records of the state reached, and events in an order that members can follow.
    mutating func outcome(of changes: GroupChanges, now: GroupNow) -> GroupOutcome {
        var changes = changes
        bury(&changes)
        noteEmptiness(now: now, changes: &changes)
        history.add(
            moves(of: changes),
            isRebalanced: changes.isReconciled,
            epoch: epoch,
            at: now.wall,
            configuration
        )
        var outcome = GroupOutcome()
        outcome.records = records(of: changes)
        outcome.replies = changes.replies
        outcome.events = events(of: changes)
        if !changes.startsToResolve.isEmpty {
            let request = StartRequest(
                group: name,
                position: rules.start,
                partitions: changes.startsToResolve,
                reset: nil
            )
            outcome.resolveStart = [request]
        }
        outcome.resolveStart += changes.resetsToResolve
        return outcome
    }

    /// All that is stored of the group, as if everything had changed.
    ///
    /// For checkpoints, and to compare with the log.
    func allRecords() -> [GroupRecord] {
        var changes = GroupChanges()
        changes.isGroupChanged = true
        changes.members = Set(members.keys)
        for partition in partitions(where: { $0.committed != nil }) {
            changes.partitions.insert(partition)
            changes.commits.insert(partition)
        }
        for (topic, state) in kept { noteTombstones(of: topic, state, changes: &changes) }
        return records(of: changes)
    }

    var value: GroupValue {
        let stored = topics.merging(kept) { listed, _ in listed }.sorted { $0.key < $1.key }
        return GroupValue(
            epoch: epoch,
            lastPartitionEpoch: lastPartitionEpoch,
            commitTimeoutMilliseconds: commitTimeout,
            extras: GroupValue.Extras(
                sessionTimeoutMilliseconds: rules.sessionTimeout,
                membersMax: Int32(clamping: rules.membersMax),
                timeToLiveMilliseconds: rules.timeToLive,
                emptySince: emptySince
            ),
            start: rules.start,
            topics: stored.map { name, topic in
                GroupValue.Topic(
                    name: name,
                    id: topic.id,
                    partitionCount: Int32(topic.partitions.count),
                    isKept: topics[name] == nil
                )
            }
        )
    }

    /// What a partition stands at, whether it is read or only kept.
    private func stored(_ partition: TopicPartition) -> (state: GroupPartition, topicID: TopicID)? {
        guard let topic = topics[partition.topic] ?? kept[partition.topic], let id = topic.id else { return nil }
        let index = Int(partition.partition.value)
        return topic.partitions.indices.contains(index) ? (topic.partitions[index], id) : nil
    }

    /// What changed hands, or is about to.
    private func moves(of changes: GroupChanges) -> [GroupRebalance.Move] {
        var moves: [GroupRebalance.Move] = []
        for (partition, former) in changes.formerHolders {
            let holder = self[partition]?.holder?.member
            if former == nil, holder == nil { continue }
            moves.append(.init(partition: partition, from: former, to: holder, kind: .moved))
        }
        for (partition, member) in changes.askedBack where changes.formerHolders[partition] == nil {
            moves.append(.init(partition: partition, from: member, to: nil, kind: .askedBack))
        }
        return moves.sorted { $0.partition < $1.partition }
    }

    private func records(of changes: GroupChanges) -> [GroupRecord] {
        var records: [GroupRecord] = []
        func add(_ key: GroupRecordKey, _ value: [UInt8]?) {
            records.append(GroupRecord(key: key.encoded, value: value))
        }
        if changes.isGroupChanged { add(.group(name), changes.isEnded ? nil : value.encoded) }
        for member in changes.members.sorted() {
            add(.member(name, member), members[member]?.value.encoded)
        }
        for partition in changes.partitions.sorted() {
            let value = stored(partition).flatMap { $0.state.value(topicID: $0.topicID) }
            add(.partition(name, partition), value?.encoded)
        }
        for partition in changes.commits.sorted() {
            add(.offsetCommit(name, partition), stored(partition)?.state.committed?.encoded)
        }
        return records
    }

    private func events(of changes: GroupChanges) -> [GroupEvent] {
        var events = changes.goodbyes
        func tell(_ member: MemberID, _ body: GroupEvent.Body) {
            guard let connection = members[member]?.connection else { return }
            events.append(GroupEvent(connection: connection, group: name, member: member, body: body))
        }
        for (member, partitions) in changes.revoked.sorted(by: { $0.key < $1.key }) {
            tell(member, .revoked(partitions))
        }
        for (member, partitions) in changes.assigned.sorted(by: { $0.key < $1.key }) {
            tell(member, .assigned(epoch, partitions))
        }
        for (member, urgent) in changes.revoking.sorted(by: { $0.key < $1.key }) {
            tell(member, .revoking(urgent.partitions, deadlineMilliseconds: urgent.deadlineMilliseconds))
        }
        for (member, urgent) in changes.warnings.sorted(by: { $0.key < $1.key }) {
            tell(member, .leaseWarning(urgent.partitions, deadlineMilliseconds: urgent.deadlineMilliseconds))
        }
        return events
    }
}
