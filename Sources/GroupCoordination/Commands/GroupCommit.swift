import RecordFormat

/// Offsets that a member stores with its session.
public struct GroupCommit: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The session's group.
    public var group: GroupName
    /// The session's member.
    public var member: MemberID
    /// What to store, in order.
    public var items: [CommitItem]

    /// Makes a commit.
    public init(request: RequestID, group: GroupName, member: MemberID, items: [CommitItem]) {
        self.request = request
        self.group = group
        self.member = member
        self.items = items
    }
}

/// One offset to store.
public struct CommitItem: Hashable, Sendable {
    /// The partition.
    public var partition: TopicPartition
    /// The topic that bears the name now; another one than the assignment's is refused.
    public var topicID: TopicID
    /// The next offset to read.
    public var offset: Offset
    /// The epoch in which the partition was assigned.
    public var epoch: PartitionEpoch
    /// The end of what readers may see now; offsets beyond it are refused.
    public var visible: Offset
    /// The client's own note, as in Kafka.
    public var metadata: String

    /// Makes an item.
    public init(
        partition: TopicPartition,
        topicID: TopicID,
        offset: Offset,
        epoch: PartitionEpoch,
        visible: Offset,
        metadata: String = ""
    ) {
        self.partition = partition
        self.topicID = topicID
        self.offset = offset
        self.epoch = epoch
        self.visible = visible
        self.metadata = metadata
    }
}

/// Records that are about to be handed to a member.
public struct GroupDelivery: Hashable, Sendable {
    /// The group.
    public var group: GroupName
    /// The member.
    public var member: MemberID
    /// The partition that the records are from.
    public var partition: TopicPartition
    /// The epoch in which it was assigned.
    public var epoch: PartitionEpoch
    /// The offset behind the last record.
    public var next: Offset

    /// Makes a delivery.
    public init(
        group: GroupName,
        member: MemberID,
        partition: TopicPartition,
        epoch: PartitionEpoch,
        next: Offset
    ) {
        self.group = group
        self.member = member
        self.partition = partition
        self.epoch = epoch
        self.next = next
    }
}

/// Partitions whose lease a member renews (`progress`) or ends (`release`).
public struct GroupLeaseRequest: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The session's group.
    public var group: GroupName
    /// The session's member.
    public var member: MemberID
    /// The partitions and the epochs in which they were assigned.
    public var partitions: [LeasePartition]

    /// Makes a request.
    public init(request: RequestID, group: GroupName, member: MemberID, partitions: [LeasePartition]) {
        self.request = request
        self.group = group
        self.member = member
        self.partitions = partitions
    }
}

/// A partition and the epoch in which it was assigned.
public struct LeasePartition: Hashable, Sendable {
    /// The partition.
    public var partition: TopicPartition
    /// The epoch.
    public var epoch: PartitionEpoch

    /// Makes a pair.
    public init(partition: TopicPartition, epoch: PartitionEpoch) {
        self.partition = partition
        self.epoch = epoch
    }
}
