public import RecordFormat

/// The settings of a topic as they are in force, defaults filled in.
public struct TopicSettings: Hashable, Sendable {
    /// What becomes of records that have become old.
    public enum Cleanup: String, Hashable, Sendable, CaseIterable {
        /// Retention removes whole segments from the beginning of the log.
        case delete
        /// Compaction keeps the latest record of each key.
        case compact
    }

    /// How the broker encodes the records that it builds batches of.
    public enum Compression: String, Hashable, Sendable, CaseIterable {
        /// As they are.
        case none
        /// With zlib.
        case gzip
    }

    /// What a reader meets where stored bytes are damaged.
    public enum OnCorruption: String, Hashable, Sendable, CaseIterable {
        /// An error: nothing is passed over.
        case quarantine
        /// A `gap`, and then the records behind the damage.
        case skip
    }

    /// The number of partitions.
    public var partitions: Int32
    /// What becomes of records that have become old.
    public var cleanup = Cleanup.delete
    /// How much of each partition is kept at least when older segments are removed; nil keeps everything.
    public var retentionBytes: ByteCount?
    /// How old the newest record of a segment may be before the segment is removed; nil keeps everything.
    public var retentionSeconds: Int64?
    /// How the broker encodes the records that it builds batches of.
    public var compression = Compression.none
    /// What a reader meets where stored bytes are damaged.
    public var onCorruption = OnCorruption.quarantine
    /// A segment is sealed before it grows past this, unless one batch alone is larger.
    public var segmentBytesMax: ByteCount

    /// The defaults, for a number of partitions.
    public init(partitions: Int32 = 1, segmentBytesMax: ByteCount = .mebibytes(128)) {
        self.partitions = partitions
        self.segmentBytesMax = segmentBytesMax
    }

    /// The settings after a change.
    /// - Parameter defaults: what `byDefault` means.
    public func applying(_ change: TopicSettingsChange, defaults: TopicSettings) -> TopicSettings {
        var changed = self
        changed.partitions = change.partitions ?? partitions
        changed.cleanup = change.cleanup.value(now: cleanup, default: defaults.cleanup)
        changed.retentionBytes = change.retentionBytes.limit(now: retentionBytes)
        changed.retentionSeconds = change.retentionSeconds.limit(now: retentionSeconds)
        changed.compression = change.compression.value(now: compression, default: defaults.compression)
        changed.onCorruption = change.onCorruption.value(now: onCorruption, default: defaults.onCorruption)
        changed.segmentBytesMax = change.segmentBytesMax.value(
            now: segmentBytesMax,
            default: defaults.segmentBytesMax
        )
        return changed
    }

    /// What differs from other settings, such as `partitions is 3, not 4`; nil when nothing does.
    public func differences(from asked: TopicSettings) -> String? {
        let differences = zip(texts, asked.texts).filter { $0.value != $1.value }
            .map { "\($0.name) is \($0.value), not \($1.value)" }
        return differences.isEmpty ? nil : differences.joined(separator: "; ")
    }

    private var texts: [(name: String, value: String)] {
        [
            ("partitions", "\(partitions)"), ("cleanup", cleanup.rawValue),
            ("retentionBytes", retentionBytes.map { "\($0.value)" } ?? "unlimited"),
            ("retentionSeconds", retentionSeconds.map { "\($0)" } ?? "unlimited"),
            ("compression", compression.rawValue), ("onCorruption", onCorruption.rawValue),
            ("segmentBytesMax", "\(segmentBytesMax.value)"),
        ]
    }
}

/// What a request asks of a topic's settings.
public struct TopicSettingsChange: Hashable, Sendable {
    /// What is asked of one setting.
    public enum Asked<Value: Hashable & Sendable>: Hashable, Sendable {
        /// Nothing: it stays, or is the default in a new topic.
        case asItIs
        /// The default.
        case byDefault
        /// This value.
        case value(Value)
    }

    /// The number of partitions; nil means the default of a new topic, and otherwise "as it is".
    public var partitions: Int32?
    /// What becomes of records that have become old.
    public var cleanup = Asked<TopicSettings.Cleanup>.asItIs
    /// How much of each partition is kept at least.
    public var retentionBytes = Asked<ByteCount>.asItIs
    /// How old the newest record of a segment may be.
    public var retentionSeconds = Asked<Int64>.asItIs
    /// How the broker encodes records.
    public var compression = Asked<TopicSettings.Compression>.asItIs
    /// What a reader meets where stored bytes are damaged.
    public var onCorruption = Asked<TopicSettings.OnCorruption>.asItIs
    /// The size past which no segment grows.
    public var segmentBytesMax = Asked<ByteCount>.asItIs

    /// A change of nothing, or of the number of partitions.
    public init(partitions: Int32? = nil) {
        self.partitions = partitions
    }

    /// Why a value is out of range, the field first; nil when all are possible.
    public func refusal(_ limits: Limits) -> String? {
        if let partitions, partitions < 1 || Int(partitions) > limits.partitionsPerTopicMax {
            return "partitions is from 1 to \(limits.partitionsPerTopicMax), not \(partitions)"
        }
        if case .value(let bytes) = retentionBytes, bytes.value < 1 {
            return "retentionBytes is at least 1, or null for no limit, not \(bytes.value)"
        }
        if case .value(let seconds) = retentionSeconds, seconds < 1 || seconds > limits.retentionSecondsMax {
            return "retentionSeconds is from 1 to \(limits.retentionSecondsMax), or null for no limit, not \(seconds)"
        }
        if case .value(let bytes) = segmentBytesMax, bytes < limits.segmentBytesMin || bytes > limits.segmentBytesMax {
            return "segmentBytesMax is from \(limits.segmentBytesMin.value) to \(limits.segmentBytesMax.value),"
                + " not \(bytes.value)"
        }
        return nil
    }
}

extension TopicSettingsChange.Asked {
    fileprivate func value(now: Value, default: Value) -> Value {
        switch self {
        case .asItIs: now
        case .byDefault: `default`
        case .value(let value): value
        }
    }

    /// The value of a limit, which there is none of by default.
    fileprivate func limit(now: Value?) -> Value? {
        switch self {
        case .asItIs: now
        case .byDefault: nil
        case .value(let value): value
        }
    }
}
