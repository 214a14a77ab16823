import NIOCore
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

extension ByteBuffer {
    /// Topic id 16, partition 4, 0 4.
    mutating func writePartitionKey(_ key: PartitionKey) {
        writeTopicID(key.topic)
        writeMultipleIntegers(key.partition.value, UInt32(0))
    }

    mutating func readPartitionKey() -> PartitionKey? {
        guard let topic = readTopicID(), let (partition, _) = readMultipleIntegers(as: (Int32, UInt32).self) else {
            return nil
        }
        return PartitionKey(topic: topic, partition: PartitionIndex(partition))
    }
}
