import RecordFormat

/// Sets committed offsets by hand, back or forth, whoever owns the partitions.
public struct GroupResetRequest: Sendable {
    /// The group.
    public let group: GroupName
    /// The topics all of whose partitions are meant.
    public let topics: [TopicName]
    /// Partitions that are meant besides.
    public let partitions: [TopicPartition]
    /// Where to; an offset outside of what a partition holds is its nearer end.
    public let position: StartPosition
    /// Whether to tell only what would happen.
    public let isDryRun: Bool

    /// Creates a request.
    ///
    /// Without topics and partitions all that the group shares is meant.
    public init(
        group: GroupName,
        topics: [TopicName] = [],
        partitions: [TopicPartition] = [],
        to position: StartPosition,
        isDryRun: Bool = false
    ) {
        self.group = group
        self.topics = topics
        self.partitions = partitions
        self.position = position
        self.isDryRun = isDryRun
    }
}

/// What a reset did, or would do, to one partition.
public struct GroupResetResult: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// What was committed before.
    public let committed: Offset?
    /// What is committed now; nil where the partition has gone meanwhile, and nothing was done.
    public let to: Offset?
    /// Who owns it, and reads on from there.
    public let owner: String?

    /// Creates a result.
    public init(partition: TopicPartition, committed: Offset?, to: Offset?, owner: String?) {
        self.partition = partition
        self.committed = committed
        self.to = to
        self.owner = owner
    }
}
