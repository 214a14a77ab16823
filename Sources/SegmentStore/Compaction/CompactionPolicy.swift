public import RecordFormat

/// When a partition is compacted, and with how much memory.
public struct CompactionPolicy: Sendable {
    /// What the map from keys to their newest offsets may take (64 MiB).
    ///
    /// Room for about 1.5 million keys of twelve bytes. When it is full the pass is a partial one: it ends at the first key
    /// that had no room, and the next pass begins there.
    public var mapBytesMax = ByteCount.mebibytes(64)
    /// A segment is left alone until it has been sealed for this long (5 minutes): readers near the end see every version.
    public var lagMilliseconds: Int64 = 5 * 60 * 1000
    /// A segment that has been sealed for this long is compacted however little there is to gain (24 hours).
    public var lagMaxMilliseconds: Int64 = 24 * 3600 * 1000
    /// Of a hundred bytes so many must not have been compacted yet (50), so that all passes together write no more than
    /// about twice what was appended.
    public var dirtyPercentMin = 50
    /// How long a tombstone stays after the first compaction that met it (24 hours), so that slow readers learn of it.
    public var tombstoneMilliseconds: Int64 = 24 * 3600 * 1000
    /// Spreads keys over the map; clients choose keys, so it is keyed by something they do not know.
    var keyHash: KeyMap.KeyHash = KeyMap.sipHash

    /// The defaults.
    public init() {}
}

/// Is told of bytes that were read or written, and may take its time; false ends the compaction at that point.
public typealias CompactionThrottle = (ByteCount) -> Bool

/// How a compaction ended.
public enum CompactionOutcome: Hashable, Sendable {
    /// There is not enough to gain yet.
    case notNeeded
    /// It went through.
    case compacted(CompactionReport)
    /// The throttle ended it; what was switched over by then stays.
    case cancelled
    /// Segments that it was reading were removed meanwhile, with the prefix of the log or with the topic.
    case abandoned
}

/// What a compaction did.
public struct CompactionReport: Hashable, Sendable {
    /// The number of the compaction in its partition, under which its files lie.
    public let generation: UInt64
    /// Where it began to look for newer values.
    public let from: Offset
    /// The end (exclusive) of what it looked at: below it no key has two records now.
    public internal(set) var to: Offset
    /// Whether the map was full before everything was looked at.
    public internal(set) var isPartial = false
    /// Segments that were replaced.
    public internal(set) var segmentsBefore = 0
    /// Segments that replaced them.
    public internal(set) var segmentsAfter = 0
    /// Bytes of the segments that were replaced.
    public internal(set) var bytesBefore = ByteCount.zero
    /// Bytes of the segments that replaced them.
    public internal(set) var bytesAfter = ByteCount.zero
    /// Records that had a newer one of their key, tombstones past their time, and what lay before the log start.
    public internal(set) var recordsDropped = 0
    /// Keys in the map.
    public internal(set) var keys = 0
    /// Bytes that the map took.
    public internal(set) var mapBytes = ByteCount.zero
}
