import RecordFormat

/// Where a new group begins to read.
///
/// Resolved to offsets once, and stored as a commit.
public enum StartPosition: Hashable, Sendable {
    /// The first record that is kept.
    case earliest
    /// Behind the last record that is visible when the group is created.
    case latest
    /// So many records before the end, in each partition.
    case beforeEnd(Int64)
    /// An offset, the same in each partition.
    case offset(Offset)
    /// The first record at or after a time.
    case time(Timestamp)
}

/// Asks the shell to resolve a group's start in some partitions; answered by `GroupCommand.startResolved`.
public struct StartRequest: Hashable, Sendable {
    /// The group that begins.
    public let group: GroupName
    /// Where it begins.
    public let position: StartPosition
    /// The partitions that have no committed offset yet, or that are to be reset, with their topic's id.
    public let partitions: [StartPartition]
    /// The reset that asks, or `nil` for starts.
    ///
    /// To be echoed in the answer, which must come even if nothing was found.
    public let reset: RequestID?
}

/// A partition whose start is to be resolved.
public struct StartPartition: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// The topic that is meant by the name.
    public let topicID: TopicID
}

/// The answer to a `StartRequest`.
public struct StartResolution: Hashable, Sendable {
    /// The group that asked.
    public let group: GroupName
    /// The resolved offsets.
    ///
    /// A partition that has one already keeps it: a start is resolved once. Only a reset sets it anew.
    public let offsets: [ResolvedStart]
    /// The reset that asked.
    public let reset: RequestID?

    /// Makes an answer.
    public init(group: GroupName, offsets: [ResolvedStart], reset: RequestID? = nil) {
        self.group = group
        self.offsets = offsets
        self.reset = reset
    }
}

/// The resolved start of one partition.
public struct ResolvedStart: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// The topic in which the offset was found; another one than the group's is ignored.
    public let topicID: TopicID
    /// The next offset to read.
    public let offset: Offset

    /// Makes a resolved start.
    public init(partition: TopicPartition, topicID: TopicID, offset: Offset) {
        self.partition = partition
        self.topicID = topicID
        self.offset = offset
    }
}
