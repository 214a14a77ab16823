import RecordFormat

/// The batches for one partition of an append.
public struct AppendItem: Sendable {
    /// Where they go.
    public let target: TopicPartition
    /// Verified batches, appended in this order.
    public let batches: [RecordBatch]
    /// When given, the append is refused unless the partition ends exactly here.
    public let expectedOffset: Offset?

    /// Creates an item.
    public init(target: TopicPartition, batches: [RecordBatch], expectedOffset: Offset? = nil) {
        self.target = target
        self.batches = batches
        self.expectedOffset = expectedOffset
    }
}

/// What an append got: offsets `base ..< end`, on stable storage.
public struct AppendReceipt: Sendable {
    /// The partition.
    public let target: TopicPartition
    /// The first record's offset.
    public let base: Offset
    /// One past the last record's offset.
    public let end: Offset
    /// Whether the records were there already, from an earlier attempt of their producer.
    public let isDuplicate: Bool

    /// Creates a receipt.
    public init(target: TopicPartition, base: Offset, end: Offset, isDuplicate: Bool = false) {
        self.target = target
        self.base = base
        self.end = end
        self.isDuplicate = isDuplicate
    }
}
