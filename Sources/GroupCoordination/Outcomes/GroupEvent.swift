import RecordFormat

/// Something that a member's connection is to be told.
public struct GroupEvent: Hashable, Sendable {
    /// Where it goes.
    public let connection: ConnectionID
    /// The group.
    public let group: GroupName
    /// The member that the connection bears.
    public let member: MemberID
    /// What is said.
    public let body: Body

    /// What can be said.
    public enum Body: Hashable, Sendable {
        /// Read these from their starts on. Partitions that are not named stay as they are; a new connection is told all
        /// of its partitions at once. An empty list: a standby, waiting.
        case assigned(GroupEpoch, [AssignedPartition])
        /// Stop reading these, finish what was delivered, commit it. The time left is that of the most urgent one.
        case revoking([LeasePartition], deadlineMilliseconds: Int64)
        /// These are no longer the member's; what it commits for them is fenced.
        case revoked([RevokedPartition])
        /// Half of the commit timeout has passed for these. The time left is that of the most urgent one.
        case leaseWarning([LeasePartition], deadlineMilliseconds: Int64)
        /// The connection is to be closed.
        case goodbye(GoodbyeReason, reconnect: Bool)
    }
}

/// A partition that was given to a member.
public struct AssignedPartition: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// The topic that is meant by the name.
    public let topicID: TopicID
    /// The epoch to commit with.
    public let epoch: PartitionEpoch
    /// The next offset to read: the committed one.
    public let start: Offset
}

/// A partition that a member has lost.
public struct RevokedPartition: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// The epoch that is over.
    public let epoch: PartitionEpoch
    /// Where the next owner begins; `nil` where the topic was deleted.
    public let committed: Offset?
    /// Why it was lost.
    public let reason: RevokedReason
}

/// Why a partition was lost.
public enum RevokedReason: String, Hashable, Sendable {
    /// It moves to another member, and all that was delivered is committed.
    case rebalanced
    /// The member gave it back.
    case released
    /// Nothing was committed, and no progress shown, for the commit timeout.
    case commitTimeout
    /// Its topic was deleted.
    case topicDeleted
    /// Its topic was taken off the group's list.
    case topicDropped
    /// Its offset was reset: it is assigned again, from there on.
    case reset
}

/// Why the coordinator closes a connection.
public enum GoodbyeReason: String, Hashable, Sendable {
    /// Another connection has taken the member's place.
    case fenced
    /// The member left by request.
    case left
    /// All topics of the group were deleted.
    case topicDeleted
    /// The group was deleted.
    case groupDeleted
    /// No heartbeat came for the session timeout: what comes now is a new member.
    case sessionTimedOut
}
