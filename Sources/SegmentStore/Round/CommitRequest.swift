import RecordFormat

/// What one request wants stored, all of it or nothing: batches of any partitions, and perhaps a deletion.
public struct CommitRequest: Sendable {
    /// The appends; a partition may stand here more than once, and is appended to in this order.
    public var appends: [PartitionAppend]
    /// A topic to delete.
    public var deletedTopic: TopicID?
    /// Records to delete from the beginning of a partition.
    public var deletedPrefix: PrefixDeletion?
    /// Whose request it is, when its producer numbers his requests.
    public internal(set) var producer: ProducerRequest?

    /// Creates a request.
    public init(appends: [PartitionAppend], deletedTopic: TopicID? = nil, deletedPrefix: PrefixDeletion? = nil) {
        self.appends = appends
        self.deletedTopic = deletedTopic
        self.deletedPrefix = deletedPrefix
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

/// The records of a partition below an offset.
public struct PrefixDeletion: Hashable, Sendable {
    /// The partition.
    public let key: PartitionKey
    /// The first offset that stays.
    ///
    /// One at or below the log's start deletes nothing; one beyond its end is refused.
    public let before: Offset

    /// Creates a deletion.
    public init(key: PartitionKey, before: Offset) {
        self.key = key
        self.before = before
    }
}

/// What became of a request.
public enum CommitOutcome: Sendable {
    /// It is on stable storage; one range for each append, in order.
    case committed([AppendedRange])
    /// It was on stable storage already, there.
    case duplicate([AppendedRange])
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
    /// The offset up to which records are to be deleted lies beyond the partition's end.
    case prefixBeyondEnd(PartitionKey, asked: Offset, logStart: Offset, end: Offset)
    /// The partition's files are damaged.
    case quarantined(PartitionKey, reason: String)
    /// A segment could not be written; the text says why.
    case writeFailed(String)
    /// The volume has no room; the text says where.
    case noSpace(String)
    /// The request does not fit a frame.
    case tooLarge
    /// The producer's window says no.
    case producer(ProducerRefusal)

    /// The refusal of a round of which a segment could not be written.
    init(_ error: FileError) {
        self = error.isNoSpace ? .noSpace("\(error)") : .writeFailed("\(error)")
    }
}
