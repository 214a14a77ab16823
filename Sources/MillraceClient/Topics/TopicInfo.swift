/// A topic, and in a description the offsets of its partitions.
public struct TopicInfo: Sendable, Hashable, Decodable {
    /// One partition.
    public struct Partition: Sendable, Hashable, Decodable {
        /// Its index.
        public let partition: Int32
        /// The first offset that can be read.
        public let logStartOffset: Int64
        /// One past the last offset that can be read.
        public let visibleOffset: Int64
        /// The bytes of its segments.
        public let sizeBytes: Int64?
        /// Why it refuses records, if it does.
        public let quarantine: String?
    }

    /// The name.
    public let topic: String
    /// The identity of this incarnation.
    public let id: String
    /// The number of partitions.
    public let partitions: Int32
    /// `delete`, or `compact`: the latest record of each key is kept.
    public let cleanup: String?
    /// How many bytes of each partition are kept at least; nil keeps everything.
    public let retentionBytes: Int64?
    /// How old records may become, in seconds; nil keeps everything.
    public let retentionSeconds: Int64?
    /// `none` or `gzip`.
    public let compression: String?
    /// `quarantine`, or `skip`: readers pass damaged bytes with a `gap`.
    public let onCorruption: String?
    /// The size of a segment file in bytes.
    public let segmentBytesMax: Int64?
    /// The partitions' offsets; a list of topics leaves them out.
    public let offsets: [Partition]?
}
