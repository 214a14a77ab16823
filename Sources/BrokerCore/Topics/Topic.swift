import RecordFormat

/// A topic of a running broker.
///
/// Its partitions never change while it lives.
final class Topic: Sendable {
    /// The name.
    let name: TopicName
    /// The incarnation.
    let id: TopicID
    /// The partitions, by their index.
    let partitions: [Partition]

    init(name: TopicName, id: TopicID, partitions: [Partition]) {
        self.name = name
        self.id = id
        self.partitions = partitions
    }

    /// The settings in force.
    var settings: TopicSettings { TopicSettings(partitions: Int32(partitions.count)) }

    /// One partition.
    func partition(_ index: PartitionIndex) throws(BrokerError) -> Partition {
        guard index.value >= 0, Int(index.value) < partitions.count else {
            throw .partitionNotFound(TopicPartition(name, index), count: Int32(partitions.count))
        }
        return partitions[Int(index.value)]
    }

    /// The topic and its partitions' offsets now.
    func describe() -> TopicDescription {
        TopicDescription(name: name, id: id, settings: settings, partitions: partitions.map { $0.describe() })
    }

    /// Ends all waits for more records: the topic is gone, or the broker drains.
    func endTails(_ reason: WakeReason) {
        for partition in partitions { partition.tail.end(reason) }
    }
}
