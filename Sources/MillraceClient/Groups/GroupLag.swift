/// How far a group is behind.
public struct GroupLag: Sendable, Hashable, Decodable {
    /// One partition.
    public struct Partition: Sendable, Hashable, Decodable {
        /// The topic.
        public let topic: String
        /// The partition.
        public let partition: Int32
        /// The next offset to read, if any was committed.
        public let committed: Int64?
        /// The end of what can be read.
        public let end: Int64
        /// The records between both.
        public let lag: Int64
        /// How old the oldest unread record is; nil where that was not looked up.
        public let lagSeconds: Int64?
        /// The records that retention took before they were committed.
        public let lost: Int64
        /// The records that are delivered and not committed.
        public let inFlight: Int64
        /// How long the oldest of these has been.
        public let uncommittedMs: Int64?
        /// The owner's id.
        public let owner: String?
    }

    /// The group.
    public let group: String
    /// The records that nobody has committed yet.
    public let lag: Int64
    /// How old the oldest of them is, where that is known.
    public let lagSeconds: Int64?
    /// The records that retention took before they were committed.
    public let lost: Int64
    /// The records that are delivered and not committed.
    public let inFlight: Int64
    /// The partitions.
    public let partitions: [Partition]
}
