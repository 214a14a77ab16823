import RecordFormat

/// A group in full.
public struct GroupReport: Sendable {
    /// One member.
    public struct Member: Sendable {
        /// How a member shows that it is there.
        public enum Presence: String, Hashable, Sendable {
            /// By its connection.
            case connection
            /// By its requests: an explicit member.
            case heartbeats
            /// It is away, and may come back while its session lives.
            case none
        }

        /// Its id.
        public let id: String
        /// The name of a static member.
        public let instance: String?
        /// Its epoch.
        public let epoch: Int64
        /// How it shows that it is there.
        public let presence: Presence
        /// When it joined.
        public let joinedAt: Timestamp
        /// Whether it lost partitions to the commit timeout and has given no sign of life since: it is assigned nothing while
        /// others are there.
        public let isStalled: Bool
        /// What it owns.
        public let partitions: [AssignedPartition]

        /// Whether it is there.
        public var isConnected: Bool { presence != .none }

        /// Creates a member.
        public init(
            id: String,
            instance: String?,
            epoch: Int64,
            presence: Presence,
            joinedAt: Timestamp,
            isStalled: Bool = false,
            partitions: [AssignedPartition]
        ) {
            self.id = id
            self.instance = instance
            self.epoch = epoch
            self.presence = presence
            self.joinedAt = joinedAt
            self.isStalled = isStalled
            self.partitions = partitions
        }
    }

    /// The list entry.
    public let summary: GroupSummary
    /// What it agrees on.
    public let settings: GroupSettings
    /// Topics on its list that do not exist.
    public let missingTopics: [TopicName]
    /// Topics that were taken off its list, and whose commits are kept.
    public let keptTopics: [TopicName]
    /// Since when it has had no member; nil while it has one.
    public let emptySince: Timestamp?
    /// The members, sorted by id.
    public let members: [Member]
    /// The partitions, sorted.
    public var partitions: [Partition]

    /// Creates a report.
    public init(
        summary: GroupSummary,
        settings: GroupSettings,
        missingTopics: [TopicName] = [],
        keptTopics: [TopicName] = [],
        emptySince: Timestamp? = nil,
        members: [Member],
        partitions: [Partition]
    ) {
        self.summary = summary
        self.settings = settings
        self.missingTopics = missingTopics
        self.keptTopics = keptTopics
        self.emptySince = emptySince
        self.members = members
        self.partitions = partitions
    }
}

extension GroupReport {
    /// One partition.
    public struct Partition: Sendable {
        /// The partition.
        public let partition: TopicPartition
        /// The next offset to read, if any was committed.
        public let committed: Offset?
        /// When that was committed.
        public let committedAt: Timestamp?
        /// The client's note with the commit.
        public let metadata: String
        /// The first offset that is kept.
        public let logStart: Offset
        /// The visible end.
        public let end: Offset
        /// Records between both, counted from the log start where that is higher.
        public let lag: Int64
        /// How old the oldest unread record is, by its timestamp, in whole seconds; nil where that was not looked up.
        public var lagSeconds: Int64?
        /// Records that retention has removed behind the committed offset: nobody in the group will ever read them.
        public let lost: Int64
        /// Offsets that were delivered and are not committed, as far as this process knows.
        public let inFlight: Int64
        /// When the oldest uncommitted record was delivered, or nil if none is, as far as this process knows.
        public let uncommittedSince: MonotonicInstant?
        /// The owner's id.
        public let owner: String?
        /// The epoch of the ownership.
        public let epoch: Int64
        /// `unassigned`, `assigned`, `revoking` or `draining`.
        public let state: String

        /// Where the group reads on.
        public var next: Offset { max(committed ?? logStart, logStart) }

        /// Creates a partition; what follows from the offsets is computed.
        public init(
            partition: TopicPartition,
            committed: Offset?,
            committedAt: Timestamp? = nil,
            metadata: String = "",
            logStart: Offset = .zero,
            end: Offset,
            inFlight: Int64 = 0,
            uncommittedSince: MonotonicInstant? = nil,
            owner: String?,
            epoch: Int64,
            state: String
        ) {
            self.partition = partition
            self.committed = committed
            self.committedAt = committedAt
            self.metadata = metadata
            self.logStart = logStart
            self.end = end
            lag = max(0, end - max(committed ?? logStart, logStart))
            lagSeconds = lag == 0 ? 0 : nil
            lost = max(0, logStart - (committed ?? logStart))
            self.inFlight = inFlight
            self.uncommittedSince = uncommittedSince
            self.owner = owner
            self.epoch = epoch
            self.state = state
        }
    }

    /// The sum of all lags.
    public var lag: Int64 { partitions.reduce(0) { $0 + $1.lag } }
    /// The largest age of an unread record that is known; nil where there are unread records and none of their ages is.
    public var lagSeconds: Int64? {
        let known = partitions.filter { $0.lag > 0 }.compactMap(\.lagSeconds).max()
        return known ?? (lag == 0 ? 0 : nil)
    }
    /// The sum of what is lost.
    public var lost: Int64 { partitions.reduce(0) { $0 + $1.lost } }
    /// The sum of what is in flight.
    public var inFlight: Int64 { partitions.reduce(0) { $0 + $1.inFlight } }
}
