/// The settings that a group is made or changed with: what is nil is left to the broker, or as it is.
public struct GroupSettings: Sendable, Hashable, Encodable {
    /// The topics to share; needed for a new group.
    public var topics: [String]?
    /// Where partitions without a commit begin: `earliest`, `latest` or a time.
    public var from: String?
    /// How long delivered records may stay uncommitted, in milliseconds.
    public var commitTimeoutMs: Int64?
    /// How long a member that is gone may come back, in milliseconds.
    public var sessionTimeoutMs: Int64?
    /// How many members it takes.
    public var membersMax: Int?
    /// When the group ends without members, in milliseconds, or never.
    public var timeToLiveMs: TopicSettings.Limit?
    /// With a change: the commits of all topics that are not on the list end.
    public var forgetDroppedTopics: Bool?

    /// Settings of which only the topics are given, if these.
    public init(topics: [String]? = nil) {
        self.topics = topics
    }
}

/// A change of committed offsets by hand.
public struct GroupReset: Sendable, Hashable, Encodable {
    /// Where to: `earliest`, `latest`, a time, `-<n>` (so many before the end) or an offset.
    public var to: String
    /// All partitions of these topics; with neither topics nor partitions, all that the group shares.
    public var topics: [String]?
    /// These partitions.
    public var partitions: [Partition]?
    /// Only tell what would happen.
    public var dryRun: Bool

    /// A partition to reset.
    public struct Partition: Sendable, Hashable, Encodable {
        /// The topic.
        public let topic: String
        /// The partition.
        public let partition: Int32

        /// Names a partition.
        public init(topic: String, partition: Int32) {
            self.topic = topic
            self.partition = partition
        }
    }

    /// Creates a change.
    public init(to: String, topics: [String]? = nil, partitions: [Partition]? = nil, dryRun: Bool = false) {
        self.to = to
        self.topics = topics
        self.partitions = partitions
        self.dryRun = dryRun
    }
}

/// What a change of committed offsets did, or would do.
public struct GroupResetReport: Sendable, Hashable, Decodable {
    /// One partition.
    public struct Partition: Sendable, Hashable, Decodable {
        /// The topic.
        public let topic: String
        /// The partition.
        public let partition: Int32
        /// What was committed before, if anything.
        public let committed: Int64?
        /// Where it stands now; nil when the partition has gone meanwhile.
        public let to: Int64?
        /// Who reads on from there.
        public let owner: String?
    }

    /// The group.
    public let group: String
    /// Whether nothing was changed.
    public let dryRun: Bool
    /// The partitions.
    public let partitions: [Partition]
}

/// The last rebalances of a group, newest first.
public struct GroupRebalances: Sendable, Hashable, Decodable {
    /// One rebalance.
    public struct Rebalance: Sendable, Hashable, Decodable {
        /// The group's epoch since then.
        public let groupEpoch: Int64
        /// When, RFC 3339.
        public let time: String
        /// Why.
        public let reasons: [Reason]
        /// What moved; of very many the first ones.
        public let moves: [Move]
        /// How many moved.
        public let moveCount: Int
    }

    /// Why there was a rebalance.
    public struct Reason: Sendable, Hashable, Decodable {
        /// For programs, such as `member-joined`.
        public let reason: String
        /// The member that it was about.
        public let member: String?
        /// For people.
        public let text: String
    }

    /// A partition that moved.
    public struct Move: Sendable, Hashable, Decodable {
        /// The topic.
        public let topic: String
        /// The partition.
        public let partition: Int32
        /// Who had it.
        public let from: String?
        /// Who gets it.
        public let to: String?
        /// `moved`, or `asked-back`: its owner is to finish first.
        public let kind: String
    }

    /// The group.
    public let group: String
    /// Its epoch.
    public let groupEpoch: Int64
    /// The rebalances.
    public let rebalances: [Rebalance]
}
