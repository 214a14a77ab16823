/// One partition of one topic, by name.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The topic's name.
    public let topic: TopicName
    /// The partition's number in it.
    public let partition: PartitionIndex

    /// That partition of that topic.
    public init(_ topic: TopicName, _ partition: PartitionIndex) {
        self.topic = topic
        self.partition = partition
    }

    /// `orders-3`, as the field writes it.
    public var description: String { "\(topic)-\(partition)" }

    /// Compares the topics, then the partitions' numbers.
    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}
