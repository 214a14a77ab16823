import RecordFormat

/// The identity of a partition in storage: by the topic's id, so that a new topic of the same name is another one.
public struct PartitionKey: Hashable, Sendable, CustomStringConvertible {
    /// The topic's incarnation.
    public let topic: TopicID
    /// The index in it.
    public let partition: PartitionIndex

    /// Creates a key.
    public init(topic: TopicID, partition: PartitionIndex) {
        self.topic = topic
        self.partition = partition
    }

    /// The text for people.
    public var description: String { "\(topic.hex)/\(partition.value)" }
}
