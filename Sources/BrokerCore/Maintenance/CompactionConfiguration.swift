public import RecordFormat
public import SegmentStore

/// How the broker compacts.
public struct CompactionConfiguration: Sendable {
    /// When a partition is compacted, with how much memory, and how long tombstones stay.
    public var policy = CompactionPolicy()
    /// How often all compacted topics are looked through (15 s).
    public var intervalMilliseconds: Int64 = 15_000
    /// Bytes read and written a second, all partitions together (32 MiB), so that appends and reads have the disk.
    public var bytesPerSecondMax = ByteCount.mebibytes(32)

    /// The defaults.
    public init() {}
}
