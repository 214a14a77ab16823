/// The settings that a topic is created or updated with: what is nil is left to the broker, or as it is.
public struct TopicSettings: Sendable, Hashable, Encodable {
    /// A limit, or none.
    public enum Limit: Sendable, Hashable, Encodable {
        /// No limit.
        case unlimited
        /// At most this much.
        case atMost(Int64)

        /// Writes the number, or null.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .unlimited: try container.encodeNil()
            case .atMost(let number): try container.encode(number)
            }
        }
    }

    /// The number of partitions; an update can only add some.
    public var partitions: Int?
    /// `delete`, or `compact`: keep the latest record of each key.
    public var cleanup: String?
    /// How many bytes of each partition are kept at least.
    public var retentionBytes: Limit?
    /// How old records may become, in seconds.
    public var retentionSeconds: Limit?
    /// `none` or `gzip`.
    public var compression: String?
    /// `quarantine`, or `skip`: readers pass damaged bytes with a `gap`.
    public var onCorruption: String?
    /// The size of a segment file in bytes; without a limit of the topic's own the broker's counts.
    public var segmentBytesMax: Limit?

    /// Settings of which only the number of partitions is given, if that.
    public init(partitions: Int? = nil) {
        self.partitions = partitions
    }
}
