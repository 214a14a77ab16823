public import RecordFormat

/// How much of a partition is kept.
public struct RetentionPolicy: Hashable, Sendable {
    /// Segments go while at least this much remains; nil keeps everything.
    public var bytes: ByteCount?
    /// A segment goes when its newest record is older than this; nil keeps everything.
    public var ageMaxMilliseconds: Int64?

    /// Keeps everything, unless told otherwise; what was deleted by offset goes in every case.
    public init(bytes: ByteCount? = nil, ageMaxMilliseconds: Int64? = nil) {
        self.bytes = bytes
        self.ageMaxMilliseconds = ageMaxMilliseconds
    }

    /// Whether what was newest at a time is too old.
    func isOver(_ newest: Timestamp, now: Timestamp) -> Bool {
        guard let ageMaxMilliseconds else { return false }
        let (age, isOverflow) = now.millisecondsSinceEpoch.subtractingReportingOverflow(newest.millisecondsSinceEpoch)
        return isOverflow || age > ageMaxMilliseconds
    }
}

/// What a look at a partition came to.
public struct RetentionOutcome: Hashable, Sendable {
    /// Segments that were let go.
    public let segmentCount: Int
    /// Their bytes.
    public let bytes: ByteCount
    /// The first offset that is kept now.
    public let logStart: Offset
}
