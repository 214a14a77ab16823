/// A partition as group events name it.
public struct GroupPartition: Sendable, Hashable, Decodable {
    /// The topic.
    public let topic: String
    /// The partition.
    public let partition: Int32
    /// The epoch of the ownership, where the event tells it: commits name it.
    public let epoch: Int64?
    /// The next offset to be delivered (`assigned`).
    public let start: Int64?
    /// What was committed at last (`revoked`).
    public let committed: Int64?

    /// Names a partition.
    public init(topic: String, partition: Int32, epoch: Int64? = nil, start: Int64? = nil, committed: Int64? = nil) {
        self.topic = topic
        self.partition = partition
        self.epoch = epoch
        self.start = start
        self.committed = committed
    }
}

/// What a group tells its member.
public enum GroupEvent: Sendable {
    /// The member is in, or in again after a reconnect: who it is, and the token that its commits carry.
    case joined(GroupMembership)
    /// The partitions that the member owns now, all of them; none for a standby.
    case assigned(groupEpoch: Int64, partitions: [GroupPartition])
    /// A record of an owned partition.
    case record(ReceivedRecord)
    /// Finish and commit these; nothing more of them will come.
    case revoking(partitions: [GroupPartition], deadline: Duration)
    /// These are gone.
    case revoked(partitions: [GroupPartition])
    /// Nothing more comes before a commit.
    case paused(reason: String, uncommitted: Int64)
    /// Records come again.
    case resumed
    /// Half of the commit timeout has passed for these, and so much of it is left.
    case leaseWarning(partitions: [GroupPartition], remaining: Duration)
    /// Where the stream stands.
    case bookmark(Bookmark)
    /// Records were lost to retention before they were delivered.
    case gap(Gap)
    /// A partition cannot be read: nothing more of it comes, all others go on.
    case problem(Problem)
    /// The server ends the stream; the session reconnects by itself when asked to.
    case goodbye(Goodbye)
    /// The connection broke; the session is resumed after the delay.
    case disconnected(MillraceError, retryAfter: Duration)
    /// An event that this version does not know, by its type.
    case other(String)
}

/// Who a member is in its group.
public struct GroupMembership: Sendable, Hashable {
    /// The group.
    public let group: String
    /// The member's id.
    public let member: String
    /// The group's epoch when it joined.
    public let groupEpoch: Int64
    /// The session token: opaque, any connection may use it.
    public let session: String
}
