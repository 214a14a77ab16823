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
        /// How it shows that it is there: `connection`, `heartbeats`, or `none`.
        public let presence: String?
        /// When it joined, RFC 3339.
        public let joinedAt: String?
        /// Whether it lost partitions to the commit timeout, and gave no sign of life since.
        public let stalled: Bool?
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
        /// When that was, RFC 3339.
        public let committedAt: String?
        /// The client's note with it.
        public let metadata: String?
        /// The end of what can be read.
        public let end: Int64
        /// The records between both.
        public let lag: Int64
        /// How old the oldest unread record is; nil where that was not looked up.
        public let lagSeconds: Int64?
        /// The records that retention took before they were committed.
        public let lost: Int64?
        /// The records that are delivered and not committed.
        public let inFlight: Int64?
        /// How long the oldest of these has been.
        public let uncommittedMs: Int64?
        /// The owner's id.
        public let owner: String?
        /// The epoch of the ownership.
        public let epoch: Int64?
        /// Where the ownership stands: `assigned`, `revoking`, `draining` or `unassigned`.
        public let state: String?
    }

    /// The name.
    public let group: String
    /// Its epoch.
    public let groupEpoch: Int64
    /// The topics it shares.
    public let topics: [String]
    /// Where partitions without a commit begin.
    public let from: String?
    /// How long delivered records may stay uncommitted.
    public let commitTimeoutMs: Int64?
    /// How long a member that is gone may come back.
    public let sessionTimeoutMs: Int64?
    /// How many members it takes.
    public let membersMax: Int?
    /// When it ends without members; nil is never.
    public let timeToLiveMs: Int64?
    /// Topics on the list that were deleted.
    public let missingTopics: [String]?
    /// Topics that were taken off the list, and whose commits are kept.
    public let keptTopics: [String]?
    /// Since when there has been no member, RFC 3339.
    public let emptySince: String?
    /// How old the oldest unread record of all partitions is, where that is known.
    public let lagSeconds: Int64?
    /// The members.
    public let members: [Member]
    /// The partitions.
    public let partitions: [Partition]

    /// The records that nobody has committed yet.
    public var lag: Int64 { partitions.reduce(0) { $0 + $1.lag } }
    /// The records that retention took before they were committed.
    public var lost: Int64 { partitions.reduce(0) { $0 + ($1.lost ?? 0) } }
    /// The records that are delivered and not committed.
    public var inFlight: Int64 { partitions.reduce(0) { $0 + ($1.inFlight ?? 0) } }
}
