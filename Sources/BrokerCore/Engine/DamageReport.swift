import RecordFormat

/// What an operator should know of damaged storage.
public struct DamageReport: Hashable, Sendable {
    /// How many partitions are set aside, those of the broker's own topics included.
    public var quarantinedPartitions = 0
    /// What the background check of stored bytes has done; nil where there is none.
    public var scrub: ScrubReport?

    /// A report of nothing.
    public init() {}
}

/// How far the background check of stored bytes has come.
public struct ScrubReport: Hashable, Sendable {
    /// Laps that were finished since the start.
    public var lapsDone = 0
    /// The partitions of the lap under way, or of the last one.
    public var partitionCount = 0
    /// Those of them that are done.
    public var partitionsDone = 0
    /// What was read of them.
    public var bytes = ByteCount(0)
    /// Segments of that lap that are damaged.
    public var damagedSegments = 0
    /// Indexes that were built again in that lap.
    public var rebuiltIndexes = 0

    /// A report of nothing.
    public init() {}
}

extension BrokerEngine {
    /// Nothing, for engines that keep no files of their own.
    public var damage: DamageReport { DamageReport() }
}
