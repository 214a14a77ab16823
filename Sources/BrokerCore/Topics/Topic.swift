import GroupCoordination
import RecordFormat
import SegmentStore

/// A topic of a running broker.
///
/// It never changes: a change of its settings puts another in its place in the registry, with the same partitions and those
/// that were added.
final class Topic: Sendable {
    /// What the topic's file says.
    let stored: StoredTopic
    /// The settings in force.
    let settings: TopicSettings
    /// The partitions, by their index.
    let partitions: [Partition]
    /// What is told of it without a look at its partitions.
    let outline: TopicOutline

    init(_ stored: StoredTopic, settings: TopicSettings, partitions: [Partition]) {
        self.stored = stored
        self.settings = settings
        self.partitions = partitions
        outline = TopicOutline(
            name: stored.name,
            id: stored.id,
            settings: settings,
            partitionCount: Int32(partitions.count),
            versionBase: stored.settings[Self.versionBaseName].flatMap { Int64($0) } ?? 1
        )
    }

    /// The name.
    var name: TopicName { stored.name }
    /// The incarnation.
    var id: TopicID { stored.id }
    /// Above every version that a collection of the same name had before; 1 for topics made before there were any.
    var versionBase: Int64 { outline.versionBase }
    /// What the topic's file calls it.
    static let versionBaseName = "versionBase"

    /// Whether partitions were added since it was created, so that a key may have records in two of them.
    var hasGrown: Bool { stored.hasGrown }

    /// One partition.
    func partition(_ index: PartitionIndex) throws(BrokerError) -> Partition {
        guard index.value >= 0, Int(index.value) < partitions.count else {
            throw .partitionNotFound(TopicPartition(name, index), count: Int32(partitions.count))
        }
        return partitions[Int(index.value)]
    }

    /// The topic and its partitions' offsets now.
    func describe() -> TopicDescription {
        TopicDescription(
            name: name,
            id: id,
            settings: settings,
            partitions: partitions.map { $0.describe() },
            versionBase: versionBase
        )
    }

    /// The identity by which groups know it: another topic of its name has another one, and inherits nothing.
    var groupID: TopicID { PlantedFault.uuidIgnored.isPlanted ? TopicID(high: 0, low: 1) : id }

    /// What groups know of it.
    var groupDescription: GroupTopicDescription {
        GroupTopicDescription(name: name, id: groupID, partitionCount: Int32(partitions.count))
    }

    /// Ends all waits for more records: the topic is gone, or the broker drains.
    func endTails(_ reason: WakeReason) {
        for partition in partitions { partition.tail.end(reason) }
    }
}

extension Topic {
    /// The running form of a stored topic.
    ///
    /// The store has a log for every partition of a topic that it lists.
    /// - Throws: `invalidConfiguration` for a stored setting that this version does not know.
    convenience init(
        _ stored: StoredTopic,
        in store: LogStore,
        failure: FailureLatch,
        defaults: TopicSettings
    ) throws(StorageError) {
        let settings = try TopicSettings(stored, defaults: defaults)
        let partitions = (0..<stored.partitionCount).map { Self.partition($0, of: stored, in: store, failure) }
        self.init(stored, settings: settings, partitions: partitions)
    }

    /// The topic after a change that the store has made.
    func changed(to stored: StoredTopic, _ broker: Broker) throws(StorageError) -> Topic {
        let added = (Int32(partitions.count)..<stored.partitionCount).map {
            Self.partition($0, of: stored, in: broker.store, broker.failure)
        }
        let settings = try TopicSettings(stored, defaults: broker.settingsByDefault)
        return Topic(stored, settings: settings, partitions: partitions + added)
    }

    private static func partition(
        _ number: Int32,
        of stored: StoredTopic,
        in store: LogStore,
        _ failure: FailureLatch
    ) -> Partition {
        let index = PartitionIndex(number)
        guard let log = store.partition(PartitionKey(topic: stored.id, partition: index)) else {
            preconditionFailure("the store lists the topic \(stored.name) without its partition \(number)")
        }
        return Partition(identity: TopicPartition(stored.name, index), log: log, failure: failure)
    }
}
