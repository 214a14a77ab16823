import RecordFormat

/// The answer to a creation.
public enum TopicCreation: Sendable {
    /// The topic is new.
    case created(TopicDescription)
    /// The topic was there with the same settings.
    case unchanged(TopicDescription)
}

/// A topic and the offsets of its partitions.
public struct TopicDescription: Sendable {
    /// The name.
    public let name: TopicName
    /// The identity of this incarnation: a topic that is deleted and created again has another one.
    public let id: TopicID
    /// The settings in force, defaults filled in.
    public let settings: TopicSettings
    /// One element a partition, in order.
    public let partitions: [PartitionDescription]
    /// Where a collection's versions begin: above every version of an earlier topic of the name.
    public let versionBase: Int64

    /// Creates a description.
    public init(
        name: TopicName,
        id: TopicID,
        settings: TopicSettings,
        partitions: [PartitionDescription],
        versionBase: Int64 = 1
    ) {
        self.name = name
        self.id = id
        self.settings = settings
        self.partitions = partitions
        self.versionBase = versionBase
    }
}

/// The offsets of a partition at one moment.
public struct PartitionDescription: Sendable {
    /// Its index in the topic.
    public let index: PartitionIndex
    /// The first offset that can be read.
    public let logStart: Offset
    /// The end of what can be read (exclusive): everything below it is on stable storage.
    public let visible: Offset
    /// The size of the partition's segments.
    public let size: ByteCount
    /// Why the partition refuses appends, if it does.
    public let quarantine: String?
    /// Since when it refuses appends.
    public let quarantinedSince: Timestamp?
    /// The run that appended last; nil before the first record.
    public let leaderEpoch: LeaderEpoch?

    /// Creates a description.
    public init(
        index: PartitionIndex,
        logStart: Offset,
        visible: Offset,
        size: ByteCount,
        quarantine: String? = nil,
        quarantinedSince: Timestamp? = nil,
        leaderEpoch: LeaderEpoch? = nil
    ) {
        self.index = index
        self.logStart = logStart
        self.visible = visible
        self.size = size
        self.quarantine = quarantine
        self.quarantinedSince = quarantinedSince
        self.leaderEpoch = leaderEpoch
    }
}
