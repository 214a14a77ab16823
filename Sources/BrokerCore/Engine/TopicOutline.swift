public import RecordFormat

/// A topic without the offsets of its partitions: what whoever appends or compares incarnations asks for, at no cost.
public struct TopicOutline: Sendable {
    /// The name.
    public let name: TopicName
    /// The identity of this incarnation: a topic that is deleted and created again has another one.
    public let id: TopicID
    /// The settings in force, defaults filled in.
    public let settings: TopicSettings
    /// How many partitions there are.
    public let partitionCount: Int32
    /// Where a collection's versions begin: above every version of an earlier topic of the name.
    public let versionBase: Int64

    init(
        name: TopicName,
        id: TopicID,
        settings: TopicSettings,
        partitionCount: Int32,
        versionBase: Int64
    ) {
        self.name = name
        self.id = id
        self.settings = settings
        self.partitionCount = partitionCount
        self.versionBase = versionBase
    }

    /// That of a topic that is described.
    public init(_ topic: TopicDescription) {
        self.init(
            name: topic.name,
            id: topic.id,
            settings: topic.settings,
            partitionCount: Int32(topic.partitions.count),
            versionBase: topic.versionBase
        )
    }
}
