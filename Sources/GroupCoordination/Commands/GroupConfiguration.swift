/// Timeouts and bounds of all groups of a shard.
///
/// Every bound is refused with its own error.
public struct GroupConfiguration: Hashable, Sendable {
    /// How long a session, or an instance's name, may be reclaimed after its connection was lost, and how long an explicit
    /// member may go without a heartbeat, where a group says nothing.
    ///
    /// 10 s.
    public var sessionTimeoutMilliseconds: Int64 = 10_000

    /// What a group may ask for as its session timeout: 1 s to 5 min.
    public var sessionTimeoutRangeMilliseconds: ClosedRange<Int64> = 1_000...300_000

    /// How long a partition may hold delivered records without commit or progress, where a group says nothing.
    ///
    /// 60 s.
    public var commitTimeoutMilliseconds: Int64 = 60_000

    /// What a group may ask for as its commit timeout: 1 s to 15 min.
    public var commitTimeoutRangeMilliseconds: ClosedRange<Int64> = 1_000...900_000

    /// What a group may ask for as its time to live without members: 1 s to a year.
    public var timeToLiveRangeMilliseconds: ClosedRange<Int64> = 1_000...31_536_000_000

    /// How long joins are collected before partitions move for them.
    ///
    /// 100 ms.
    public var joinDebounceMilliseconds: Int64 = 100

    /// The same for the first member of a group that nobody works in: workers that start together share at once, and the
    /// first of them need not give back what it has just begun.
    ///
    /// 100 ms.
    public var firstJoinDebounceMilliseconds: Int64 = 100

    /// How many members a group takes, where it says nothing itself, and the most that it may ask for.
    ///
    /// A reconciliation is linear in members and partitions.
    public var membersPerGroupMax: Int = 1_000

    /// How many topics a group reads, and of how many more it keeps the commits after they were taken off its list.
    public var topicsPerGroupMax: Int = 64

    /// How many partitions all topics of a group have together: their records must fit one frame.
    public var partitionsPerGroupMax: Int = 10_000

    /// How many groups a shard keeps.
    public var groupsPerShardMax: Int = 10_000

    /// How many resets of a group may wait for their offsets.
    public var resetsPerGroupMax: Int = 16

    /// How many rebalances of a group are remembered; the oldest are forgotten.
    public var rebalancesPerGroupMax: Int = 32

    /// How many moves of one rebalance are remembered; more are counted.
    public var movesPerRebalanceMax: Int = 256

    /// The longest `instance` and member id in bytes of UTF-8.
    public var nameBytesMax: Int = 249

    /// The longest metadata of a commit in bytes of UTF-8, as in Kafka.
    public var metadataBytesMax: Int = 4_096

    #if PLANTED_FAULTS
        /// The rule that is broken on purpose.
        public var plantedFault: PlantedGroupFault?
    #endif

    /// Makes a configuration of the defaults.
    public init() {}
}
