public import GroupCoordination
public import RecordFormat
public import SegmentStore

/// How a broker is set up.
public struct BrokerConfiguration: Sendable {
    /// Where the data lies, and the sizes of its parts.
    public var store: StoreConfiguration
    /// The named bounds.
    public var limits = Limits()
    /// Timeouts and bounds of consumer groups.
    public var groups = GroupConfiguration()
    /// Threads that read from disk.
    public var readThreads = 4
    /// How often a store that was written to takes a checkpoint.
    public var checkpointIntervalMilliseconds: Int64 = 1000
    /// How topics whose `cleanup` is `compact` are compacted.
    public var compaction = CompactionConfiguration()
    /// How often the partitions are looked after: retention, and what idle ones need.
    public var maintenanceIntervalMilliseconds: Int64 = 60_000

    /// So much of a collection's log must be applied before the index of its keys is written down again (64 MiB), and four
    /// times the size of that.
    public var keyIndexSaveBytesMin = ByteCount.mebibytes(64)

    /// Where the broker's instruments count.
    public var metrics = MetricsRegistry()

    /// The settings of a topic that nothing was chosen for.
    var settingsByDefault: TopicSettings {
        TopicSettings(
            partitions: Int32(limits.partitionsPerTopicDefault),
            segmentBytesMax: store.segmentBytesMax
        )
    }

    /// How fast the check of stored bytes reads at most, in bytes a second.
    public var scrubBytesPerSecond = ByteCount.mebibytes(8)
    /// How often a lap of it over all sealed segments begins, in seconds; 0 for never.
    public var scrubIntervalSeconds: Int64 = 24 * 3600

    /// A configuration with the defaults for a data directory.
    public init(directory: String) {
        store = StoreConfiguration(directory: .init(directory))
    }

    /// Lets the commit journal lie in a directory of its own; nil leaves it in the data directory.
    public mutating func placeJournal(in directory: String?) {
        store.journalDirectory = directory.map { .init($0) }
    }

    /// A configuration with the defaults for a store.
    public init(store: StoreConfiguration) {
        self.store = store
    }
}
