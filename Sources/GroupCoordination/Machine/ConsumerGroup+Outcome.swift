import RecordFormat

/// From what was touched to what is stored and said.
extension ConsumerGroup {
    /// Ends a command: makes records of the state reached, and events in an order that members can follow.
    mutating func outcome(of changes: GroupChanges) -> GroupOutcome {
        var changes = changes
        bury(&changes)
        var outcome = GroupOutcome()
        outcome.records = records(of: changes)
        outcome.replies = changes.replies
        outcome.events = events(of: changes)
        if !changes.startsToResolve.isEmpty {
            let request = StartRequest(group: name, position: start, partitions: changes.startsToResolve)
            outcome.resolveStart = [request]
        }
        return outcome
    }

    /// All that is stored of the group, as if everything had changed.
    ///
    /// For checkpoints, and to compare with the log.
    func allRecords() -> [GroupRecord] {
        var changes = GroupChanges()
        changes.isGroupChanged = true
        changes.members = Set(members.keys)
        for partition in allPartitions where self[partition]?.committed != nil {
            changes.partitions.insert(partition)
            changes.commits.insert(partition)
        }
        return records(of: changes)
    }

    var value: GroupValue {
        GroupValue(
            epoch: epoch,
            lastPartitionEpoch: lastPartitionEpoch,
            commitTimeoutMilliseconds: commitTimeout,
            start: start,
            topics: topics.map { name, topic in
                GroupValue.Topic(name: name, id: topic.id, partitionCount: Int32(topic.partitions.count))
            }
        )
    }

    private func records(of changes: GroupChanges) -> [GroupRecord] {
        var records: [GroupRecord] = []
        func add(_ key: GroupRecordKey, _ value: [UInt8]?) {
            records.append(GroupRecord(key: key.encoded, value: value))
        }
        if changes.isGroupChanged { add(.group(name), value.encoded) }
        for member in changes.members.sorted() {
            add(.member(name, member), members[member]?.value.encoded)
        }
        for partition in changes.partitions.sorted() {
            let topicID = topics[partition.topic]?.id
            let value = topicID.flatMap { self[partition]?.value(topicID: $0) }
            add(.partition(name, partition), value?.encoded)
        }
        for partition in changes.commits.sorted() {
            add(.offsetCommit(name, partition), self[partition]?.committed?.encoded)
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
