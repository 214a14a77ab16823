import RecordFormat

/// The answer to one request.
public struct GroupReply: Hashable, Sendable {
    /// The request.
    public let request: RequestID
    /// What became of it.
    public let body: Body

    /// What a request can be answered with.
    public enum Body: Hashable, Sendable {
        /// The member is in; its partitions follow as `assigned`.
        case joined(JoinedMember)
        /// The member is gone.
        case left
        /// One result for each item, in the order of the request.
        case committed([CommitResult])
        /// One result for each partition, in the order of the request.
        case progressed([LeaseResult])
        /// One result for each partition, in the order of the request.
        case released([LeaseResult])
        /// The member is in.
        case alive(LivingMember)
        /// The group is as was asked for.
        case configured(ConfiguredGroup)
        /// One result for each partition, sorted: what was reset, or would be.
        case reset([ResetResult])
        /// The group is gone.
        case deleted
        /// Nothing was done.
        case refused(GroupRefusal)
    }
}

/// A member's session as it was agreed.
public struct JoinedMember: Hashable, Sendable {
    /// The group.
    public let group: GroupName
    /// The member's id.
    public let member: MemberID
    /// Its epoch: 1 for a new member, higher where an instance was taken over.
    public let memberEpoch: MemberEpoch
    /// The group's epoch.
    public let groupEpoch: GroupEpoch
    /// Whether an existing member was taken over, by its session or its instance.
    public let isResumed: Bool
    /// How long the session may be reclaimed after a lost connection.
    public let sessionTimeoutMilliseconds: Int64
    /// How long delivered records of a partition may stay without commit or progress.
    public let commitTimeoutMilliseconds: Int64
}

/// What a heartbeat is answered with.
public struct LivingMember: Hashable, Sendable {
    /// The group's epoch.
    public let groupEpoch: GroupEpoch
    /// What the member holds, partitions that it is to finish included.
    public let assignment: [LeasePartition]
    /// How long it may go without the next heartbeat.
    public let sessionTimeoutMilliseconds: Int64
}

/// A group after it was made or changed.
public struct ConfiguredGroup: Hashable, Sendable {
    /// What was done.
    public enum Change: Hashable, Sendable {
        /// There was no such group.
        case created
        /// Something is other than before.
        case changed
        /// It was like that already.
        case unchanged
    }

    /// What was done.
    public let change: Change
    /// The group's epoch.
    public let epoch: GroupEpoch
    /// What the group agrees on now.
    public let settings: GroupSettings
}

/// What a reset did, or would do, to one partition.
public struct ResetResult: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// What was committed; `nil` where nothing was.
    public let from: Offset?
    /// What is committed now; `nil` where the partition has gone meanwhile, and nothing was done.
    public let to: Offset?
    /// Who holds it, and reads from there on.
    public let owner: MemberID?
}

/// What became of one item of a commit.
public struct CommitResult: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// What became of it.
    public let status: Status

    /// The fate of an item.
    public enum Status: Hashable, Sendable {
        /// The offset is the committed one.
        case committed(Offset)
        /// A higher one is committed already.
        case outdated(committed: Offset)
        /// The epoch is over: who owns the partition now (nobody: `nil`), and in which epoch.
        case fenced(owner: MemberID?, epoch: PartitionEpoch)
        /// The offset lies behind the end of what readers may see.
        case beyondVisible(visible: Offset)
        /// The offset lies behind what was delivered in this epoch.
        case beyondDelivery(delivered: Offset)
        /// The partition belongs to the group, but was never assigned to anybody.
        case notAssigned
        /// The group does not read such a partition, or another topic bears the name now.
        case unknownPartition
        /// The metadata is longer than the bound.
        case metadataTooLong(bytesMax: Int)
    }
}

/// What became of one partition of a `progress` or `release`.
public struct LeaseResult: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// What became of it.
    public let status: Status

    /// The fate of a partition.
    public enum Status: Hashable, Sendable {
        /// The lease was renewed, or ended.
        case done
        /// The epoch is over: who owns the partition now (nobody: `nil`), and in which epoch.
        case fenced(owner: MemberID?, epoch: PartitionEpoch)
        /// The group does not read such a partition.
        case unknownPartition
    }
}
