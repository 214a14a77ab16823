import RecordFormat

/// What one request wants stored, all of it or nothing: batches of any partitions, and perhaps a topic's deletion.
public struct CommitRequest: Sendable {
    /// The appends; a partition may stand here more than once, and is appended to in this order.
    public var appends: [PartitionAppend]
    /// A topic to delete.
    public var deletedTopic: TopicID?

    /// Creates a request.
    public init(appends: [PartitionAppend], deletedTopic: TopicID? = nil) {
        self.appends = appends
        self.deletedTopic = deletedTopic
    }
}

/// Batches for one partition.
public struct PartitionAppend: Sendable {
    /// The partition.
    public let key: PartitionKey
    /// Verified batches, appended in order.
    public let batches: [RecordBatch]
    /// When given, the request is refused unless the partition ends exactly here.
    public let expectedOffset: Offset?

    /// Creates an append.
    public init(key: PartitionKey, batches: [RecordBatch], expectedOffset: Offset? = nil) {
        self.key = key
        self.batches = batches
        self.expectedOffset = expectedOffset
    }
}

/// What became of a request.
public enum CommitOutcome: Sendable {
    /// It is on stable storage; one range for each append, in order.
    case committed([AppendedRange])
    /// Nothing of it was stored.
    case refused(CommitRefusal)
}

/// The offsets that an append got.
public struct AppendedRange: Hashable, Sendable {
    /// The partition.
    public let key: PartitionKey
    /// The first record's offset.
    public let base: Offset
    /// One past the last record's offset.
    public let end: Offset
}

/// Why nothing of a request was stored.
public enum CommitRefusal: Hashable, Sendable {
    /// The topic does not exist, or not any more.
    case unknownTopic(TopicID)
    /// The condition of a conditional append does not hold.
    case expectedOffset(PartitionKey, expected: Offset, actual: Offset)
    /// The partition's files are damaged.
    case quarantined(PartitionKey, reason: String)
    /// A segment could not be written; the text says why.
    case writeFailed(String)
    /// The request does not fit a frame.
    case tooLarge
}
