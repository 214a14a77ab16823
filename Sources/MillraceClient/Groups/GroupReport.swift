/// A group in a list.
public struct GroupSummary: Sendable, Hashable, Decodable {
    /// The name.
    public let group: String
    /// Its epoch.
    public let groupEpoch: Int64
    /// The topics it shares.
    public let topics: [String]
    /// How many members it has.
    public let members: Int
}

/// A group in full.
public struct GroupReport: Sendable, Hashable, Decodable {
    /// One member.
    public struct Member: Sendable, Hashable, Decodable {
        /// Its id.
        public let member: String
        /// The name of a static member.
        public let instance: String?
        /// Its epoch.
        public let epoch: Int64
        /// Whether its connection is there.
        public let connected: Bool
        /// What it owns.
        public let partitions: [GroupPartition]
    }

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
        /// The owner's id.
        public let owner: String?
        /// The epoch of the ownership.
        public let epoch: Int64?
        /// Where the ownership stands.
        public let state: String?
    }

    /// The name.
    public let group: String
    /// Its epoch.
    public let groupEpoch: Int64
    /// The topics it shares.
    public let topics: [String]
    /// The members.
    public let members: [Member]
    /// The partitions.
    public let partitions: [Partition]

    /// The records that nobody has committed yet.
    public var lag: Int64 { partitions.reduce(0) { $0 + $1.lag } }
}
