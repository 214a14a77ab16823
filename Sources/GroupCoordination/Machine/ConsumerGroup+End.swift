import RecordFormat

/// The end of a group, by request or because nobody came for its time to live.
extension ConsumerGroup {
    /// Ends the group unless members live; by force they are sent away.
    mutating func delete(_ delete: GroupDelete, changes: inout GroupChanges) {
        guard livingCount == 0 || delete.isForced || isPlanted(.deletedUnderMembers) else {
            return changes.reply(delete.request, .refused(.hasMembers(name, count: livingCount)))
        }
        end(.groupDeleted, changes: &changes)
        changes.reply(delete.request, .deleted)
    }

    /// Takes everything out, with a tombstone for every key that is stored.
    mutating func end(_ reason: GoodbyeReason, changes: inout GroupChanges) {
        for member in members.values.sorted(by: { $0.id < $1.id }) {
            changes.members.insert(member.id)
            if let connection = member.connection { changes.goodbye(connection, name, member.id, reason) }
        }
        for request in resets.keys.sorted(by: { $0.value < $1.value }) {
            changes.reply(request, .refused(.unknownGroup(name)))
        }
        for (topic, state) in topics { noteTombstones(of: topic, state, changes: &changes) }
        for (topic, state) in kept { noteTombstones(of: topic, state, changes: &changes) }
        if isPlanted(.deletionLeavesCommits) { changes.commits = [] }
        members = [:]
        instances = [:]
        topics = [:]
        kept = [:]
        resets = [:]
        (reconcileAt, endsAt, wakeAt) = (nil, nil, nil)
        changes.isGroupChanged = true
        changes.isEnded = true
    }

    /// Notes all keys that are stored of a topic's partitions, to be looked at when the topic is gone from the state.
    func noteTombstones(of topic: TopicName, _ state: GroupTopic, changes: inout GroupChanges) {
        for (index, partition) in state.partitions.enumerated() where partition.committed != nil {
            let name = TopicPartition(topic, PartitionIndex(Int32(index)))
            changes.partitions.insert(name)
            changes.commits.insert(name)
        }
    }
}
