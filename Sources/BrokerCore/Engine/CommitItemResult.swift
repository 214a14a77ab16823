import RecordFormat

/// What became of one item of a commit: an offset, a renewed lease, or a partition given back.
public struct CommitItemResult: Sendable {
    /// What was asked for.
    public enum Operation: String, Hashable, Sendable {
        /// An offset is stored.
        case commit
        /// A lease begins anew.
        case progress
        /// A partition is given back.
        case release
    }

    /// The outcomes.
    public enum Outcome: Hashable, Sendable {
        /// The offset is in force and on stable storage.
        case committed
        /// The lease begins anew.
        case progressed
        /// The partition is given back, and that is on stable storage.
        case released
        /// A higher offset was committed already.
        case outdated(committed: Offset)
        /// The partition is not the member's under that epoch.
        case fenced(owner: String?, epoch: Int64)
        /// The offset lies beyond what is visible.
        case beyondVisible(visible: Offset)
        /// The offset lies beyond what was delivered to this session.
        case beyondDelivery(delivered: Offset)
        /// The group does not share this partition.
        case notShared
        /// The metadata is longer than the bound.
        case metadataTooLong(bytesMax: Int)
        /// Another part of the request was carried out before this one was refused; `error` tells why.
        case failed
    }

    /// The partition.
    public let partition: TopicPartition
    /// What was asked for.
    public let operation: Operation
    /// The outcome.
    public let outcome: Outcome
    /// Why it failed; nil unless it did.
    public let error: BrokerError?

    /// Creates a result.
    public init(
        partition: TopicPartition,
        operation: Operation = .commit,
        outcome: Outcome,
        error: BrokerError? = nil
    ) {
        self.partition = partition
        self.operation = operation
        self.outcome = outcome
        self.error = error
    }
}
