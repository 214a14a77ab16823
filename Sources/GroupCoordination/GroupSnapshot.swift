import RecordFormat

/// All that decides how a group goes on, by value: for those who explore the machine's states.
package struct GroupSnapshot: Sendable {
    /// A partition.
    package struct Partition: Sendable {
        package let epoch: PartitionEpoch
        package let committed: Offset?
        package let holder: MemberID?
        package let phase: PartitionPhase
        package let delivered: Offset?
        package let leaseStart: Int64?
        package let isWarned: Bool
        package let isSeenWhole: Bool
        package let isAwaitingRedelivery: Bool
    }

    /// A member, gone ones that still hold something included.
    package struct Member: Sendable {
        package let id: MemberID
        package let connection: ConnectionID?
        package let sessionDeadline: Int64?
        package let isGone: Bool
        package let isRecovered: Bool
        package let isStalled: Bool
        package let isUnannounced: Bool
        package let seenAt: Int64
    }

    package let partitions: [Partition]
    package let members: [Member]
    /// When collected joins are answered.
    package let reconcileAt: Int64?
    /// When something happens by itself; exact, as `GroupShard.nextDeadline` is not.
    package let nextDeadline: Int64?
}

extension GroupShard {
    /// A group as it stands, or `nil` if there is none.
    package func snapshot(_ name: GroupName) -> GroupSnapshot? {
        guard let group = table[name] else { return nil }
        return GroupSnapshot(
            partitions: group.topics.values.flatMap { $0.partitions.map(GroupSnapshot.Partition.init) },
            members: group.members.values.map(GroupSnapshot.Member.init),
            reconcileAt: group.reconcileAt,
            nextDeadline: group.nextDeadline()
        )
    }
}

extension GroupSnapshot.Partition {
    fileprivate init(_ state: GroupPartition) {
        epoch = state.epoch
        committed = state.committed?.offset
        holder = state.holder?.member
        phase = state.holder?.phase.description ?? .free
        delivered = state.holder?.delivered
        leaseStart = state.holder?.lease?.startedAt
        isWarned = state.holder?.lease?.isWarned ?? false
        isSeenWhole = state.holder?.isSeenWhole ?? true
        isAwaitingRedelivery = state.holder?.isAwaitingRedelivery ?? false
    }
}

extension GroupSnapshot.Member {
    fileprivate init(_ member: GroupMember) {
        id = member.id
        connection = member.connection
        sessionDeadline = member.sessionDeadline
        isGone = member.isGone
        isRecovered = member.isRecovered
        isStalled = member.isStalled
        isUnannounced = member.isUnannounced
        seenAt = member.seenAt
    }
}
