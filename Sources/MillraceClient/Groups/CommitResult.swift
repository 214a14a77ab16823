/// An offset to commit: the next to read of a partition, under the epoch of its ownership.
public struct CommitOffset: Sendable, Hashable, Encodable {
    /// The topic.
    public let topic: String
    /// The partition.
    public let partition: Int32
    /// The next offset to read.
    public let offset: Int64
    /// The epoch that `assigned` named.
    public let epoch: Int64

    /// Creates an offset to commit.
    public init(topic: String, partition: Int32, offset: Int64, epoch: Int64) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.epoch = epoch
    }
}

/// What became of one offset.
public struct CommitResult: Sendable, Hashable, Decodable {
    /// The topic.
    public let topic: String
    /// The partition.
    public let partition: Int32
    /// `committed`, `outdated`, or the code of a refusal such as `fenced`.
    public let result: String
    /// The refusal in full, where the broker gave one.
    public let problem: Problem?

    /// Creates a result.
    public init(topic: String, partition: Int32, result: String, problem: Problem? = nil) {
        self.topic = topic
        self.partition = partition
        self.result = result
        self.problem = problem
    }

    /// Whether the offset, or a higher one, is in force.
    public var isInForce: Bool { result == "committed" || result == "outdated" }

    /// Whether the same commit may succeed later.
    public var isRetryable: Bool { problem?.isRetryable ?? false }

    /// Whether the partition is not this member's (any more): no later commit under the same epoch can succeed.
    public var isLost: Bool { result == "fenced" || result == "partition-not-shared" }
}
