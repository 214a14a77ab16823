/// Timeouts and bounds of all groups of a shard.
///
/// Every bound is refused with its own error.
public struct GroupConfiguration: Hashable, Sendable {
    /// How long a session, or an instance's name, may be reclaimed after its connection was lost.
    ///
    /// 10 s.
    public var sessionTimeoutMilliseconds: Int64 = 10_000

    /// How long a partition may hold delivered records without commit or progress, where a group says nothing.
    ///
    /// 60 s.
    public var commitTimeoutMilliseconds: Int64 = 60_000

    /// What a group may ask for as its commit timeout: 1 s to 15 min.
    public var commitTimeoutRangeMilliseconds: ClosedRange<Int64> = 1_000...900_000

    /// How long joins are collected before partitions move for them.
    ///
    /// 100 ms. The first member does not wait.
    public var joinDebounceMilliseconds: Int64 = 100

    /// How many members a group takes.
    ///
    /// A reconciliation is linear in members and partitions.
    public var membersPerGroupMax: Int = 1_000

    /// How many topics a group reads.
    public var topicsPerGroupMax: Int = 64

    /// How many partitions all topics of a group have together: their first records must fit one frame.
    public var partitionsPerGroupMax: Int = 10_000

    /// How many groups a shard keeps.
    public var groupsPerShardMax: Int = 10_000

    /// The longest `instance` and member id in bytes of UTF-8.
    public var nameBytesMax: Int = 249

    /// The longest metadata of a commit in bytes of UTF-8, as in Kafka.
    public var metadataBytesMax: Int = 4_096

    /// Makes a configuration of the defaults.
    public init() {}
}
