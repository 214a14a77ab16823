public import RecordFormat

/// 128 bits that stand for a key.
public struct KeyIndexHash: Hashable, Sendable {
    /// The first half.
    public let low: UInt64
    /// The second half.
    public let high: UInt64

    /// Creates a hash.
    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

/// What an index of a partition's keys says of one of them.
public struct KeyIndexRow: Hashable, Sendable {
    /// The key's hash.
    public let hash: KeyIndexHash
    /// The offset of its latest record.
    public let latest: Offset
    /// When it came into being.
    public let created: Timestamp

    /// Creates a row.
    public init(hash: KeyIndexHash, latest: Offset, created: Timestamp) {
        self.hash = hash
        self.latest = latest
        self.created = created
    }
}

/// What an index of a partition's keys holds, and up to where.
public struct KeyIndexFacts: Hashable, Sendable {
    /// Every record before it is counted.
    public let version: Offset
    /// The next compaction's number when its first record was read.
    public let begun: UInt64
    /// The first record whose version before is known.
    public let historyFloor: Offset
    /// How many keys there are.
    public let keyCount: Int
    /// Of how many records, from the floor on, the version before is known.
    public let distanceCount: Int
    /// A hash that tells which secret the keys were hashed with.
    public let check: KeyIndexHash

    /// Creates facts.
    public init(
        version: Offset,
        begun: UInt64,
        historyFloor: Offset,
        keyCount: Int,
        distanceCount: Int,
        check: KeyIndexHash
    ) {
        self.version = version
        self.begun = begun
        self.historyFloor = historyFloor
        self.keyCount = keyCount
        self.distanceCount = distanceCount
        self.check = check
    }
}
