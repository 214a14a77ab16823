import RecordFormat

/// Looking at groups. What is seen includes commands whose records are still queued.
extension GroupShard {
    /// A group in full, or `nil` if there is none.
    public func describe(_ group: GroupName) -> GroupDescription? {
        table[group]?.description
    }

    /// All groups, sorted by name.
    public func groups() -> [GroupSummary] {
        table.values.sorted { $0.name < $1.name }.map { group in
            GroupSummary(
                group: group.name,
                epoch: group.epoch,
                memberCount: group.livingCount,
                topics: Array(group.topics.keys)
            )
        }
    }

    /// The last rebalances of a group, oldest first, or `nil` if there is no such group.
    public func rebalances(_ group: GroupName) -> [GroupRebalance]? {
        table[group].map { Array($0.history.entries) }
    }

    /// All topics that groups know, by name and identity: one that does not exist any more is to be told as deleted.
    public func knownTopics() -> [(name: TopicName, id: TopicID)] {
        var known: Set<KnownTopic> = []
        for group in table.values {
            for (name, topic) in group.topics { topic.id.map { _ = known.insert(KnownTopic(name: name, id: $0)) } }
            for (name, topic) in group.kept { topic.id.map { _ = known.insert(KnownTopic(name: name, id: $0)) } }
        }
        return known.sorted { ($0.name, $0.id.high, $0.id.low) < ($1.name, $1.id.high, $1.id.low) }
            .map { ($0.name, $0.id) }
    }

    private struct KnownTopic: Hashable {
        let name: TopicName
        let id: TopicID
    }

    /// What a member may be given records of right now: owned and not being revoked, and its connection is there.
    public func deliverable(_ group: GroupName, _ member: MemberID) -> [AssignedPartition] {
        table[group]?.deliverable(to: member) ?? []
    }
}

extension ConsumerGroup {
    var description: GroupDescription {
        let partitions = partitionDescriptions
        let held = Dictionary(grouping: partitions.filter { $0.owner != nil }, by: \.owner)
        return GroupDescription(
            group: name,
            epoch: epoch,
            settings: settings,
            missingTopics: topics.filter { $0.value.id == nil }.map(\.key),
            keptTopics: kept.keys.sorted(),
            emptySince: emptySince,
            members: members.values.filter { !$0.isGone }.sorted { $0.id < $1.id }.map { member in
                .init(
                    id: member.id,
                    epoch: member.epoch,
                    instance: member.instance,
                    connection: member.connection,
                    presence: member.kind,
                    sessionDeadlineMilliseconds: member.sessionDeadline,
                    isStalled: member.isStalled,
                    joinedAt: member.joinedAt,
                    assignment: (held[member.id] ?? []).map { LeasePartition(partition: $0.partition, epoch: $0.epoch) }
                )
            },
            partitions: partitions
        )
    }

    func deliverable(to member: MemberID) -> [AssignedPartition] {
        guard members[member]?.isConnected == true else { return [] }
        return partitions(heldBy: member).compactMap { partition in
            guard let state = self[partition], state.holder?.phase == .owned, let committed = state.committed,
                let topicID = topics[partition.topic]?.id
            else { return nil }
            return AssignedPartition(
                partition: partition,
                topicID: topicID,
                epoch: state.epoch,
                start: committed.offset
            )
        }
    }

    private var partitionDescriptions: [GroupDescription.PartitionDescription] {
        allPartitions.compactMap { partition in
            guard let state = self[partition], let topicID = topics[partition.topic]?.id else { return nil }
            return .init(
                partition: partition,
                topicID: topicID,
                epoch: state.epoch,
                owner: state.holder?.member,
                phase: state.holder?.phase.description ?? .free,
                committed: state.committed?.offset,
                metadata: state.committed?.metadata ?? "",
                committedAt: state.committed?.timestamp,
                delivered: state.holder?.delivered,
                inFlight: state.inFlight,
                uncommittedSinceMilliseconds: state.uncommittedSince,
                deadlineMilliseconds: state.holder?.lease?.deadline(after: commitTimeout)
            )
        }
    }
}

extension GroupMember {
    fileprivate var kind: GroupPresence? {
        switch presence {
        case .connected: .connection
        case .heartbeating: .heartbeats
        case .disconnected, .gone: nil
        }
    }
}

extension GroupPartition {
    fileprivate var inFlight: Int64 {
        guard let delivered = holder?.delivered, let committed else { return 0 }
        return max(0, delivered.value - committed.offset.value)
    }

    fileprivate var uncommittedSince: Int64? {
        guard hasUncommitted, let holder else { return nil }
        return holder.deliveries.first?.time ?? holder.lease?.startedAt
    }
}

extension Holder.Phase {
    var description: PartitionPhase {
        switch self {
        case .owned: .owned
        case .revoking: .revoking
        case .draining: .draining
        }
    }
}
