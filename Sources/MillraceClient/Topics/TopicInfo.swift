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
    /// The partitions' offsets; a list of topics leaves them out.
    public let offsets: [Partition]?
}
