import RecordFormat

/// One line about a group.
public struct GroupSummary: Hashable, Sendable {
    /// The group.
    public let group: GroupName
    /// Its epoch.
    public let epoch: GroupEpoch
    /// How many members it has, those whose connection was lost included while their session lives.
    public let memberCount: Int
    /// Its topics, sorted.
    public let topics: [TopicName]
}

/// A group as it stands, commands whose records are still queued included.
public struct GroupDescription: Hashable, Sendable {
    /// The group.
    public let group: GroupName
    /// Its epoch.
    public let epoch: GroupEpoch
    /// What it agrees on.
    public let settings: GroupSettings
    /// Topics that are on its list and do not exist: no member reads them, and `PATCH` takes them off the list.
    public let missingTopics: [TopicName]
    /// Topics that were taken off its list, and whose commits are kept.
    public let keptTopics: [TopicName]
    /// Since when it has had no member; `nil` while it has one.
    public let emptySince: Timestamp?
    /// Its members, sorted by id.
    public let members: [MemberDescription]
    /// Its partitions, sorted by topic and number.
    public let partitions: [PartitionDescription]

    /// Its topics, sorted.
    public var topics: [TopicName] { settings.topics }
    /// Where it began.
    public var start: StartPosition { settings.start }
    /// Its commit timeout.
    public var commitTimeoutMilliseconds: Int64 { settings.commitTimeoutMilliseconds }

    /// A member of a group.
    public struct MemberDescription: Hashable, Sendable {
        /// Its id.
        public let id: MemberID
        /// Its epoch.
        public let epoch: MemberEpoch
        /// Its static name, if it has one.
        public let instance: String?
        /// Its connection; `nil` while it may be reclaimed.
        public let connection: ConnectionID?
        /// How it shows that it is there; `nil` while it may be reclaimed.
        public let presence: GroupPresence?
        /// When its session ends if nothing is heard of it, by the monotonic clock; `nil` while its connection is there.
        public let sessionDeadlineMilliseconds: Int64?
        /// Whether it lost partitions to the commit timeout and has given no sign of life since: nothing is assigned to it
        /// while others are there.
        public let isStalled: Bool
        /// When it joined.
        public let joinedAt: Timestamp
        /// What it holds, partitions that it is giving up included.
        public let assignment: [LeasePartition]
    }

    /// A partition of a group.
    public struct PartitionDescription: Hashable, Sendable {
        /// The partition.
        public let partition: TopicPartition
        /// The topic that is meant by the name.
        public let topicID: TopicID
        /// The epoch of its last assignment; 0 if there was none.
        public let epoch: PartitionEpoch
        /// Who holds it.
        public let owner: MemberID?
        /// What is happening to it.
        public let phase: PartitionPhase
        /// The next offset to read; `nil` until the start is resolved.
        public let committed: Offset?
        /// The client's note with the commit.
        public let metadata: String
        /// When it was committed.
        public let committedAt: Timestamp?
        /// The offset behind the last delivered record, as far as this process knows.
        public let delivered: Offset?
        /// How many offsets are delivered and not committed, as far as this process knows.
        public let inFlight: Int64
        /// When the oldest uncommitted record was delivered, by the monotonic clock, or `nil` if nothing is uncommitted.
        ///
        /// As far as this process knows: perhaps later than that, never earlier.
        public let uncommittedSinceMilliseconds: Int64?
        /// When it is taken away if nothing is committed, by the monotonic clock; `nil` if nothing is uncommitted.
        public let deadlineMilliseconds: Int64?
    }
}

/// What is happening to a partition of a group.
public enum PartitionPhase: UInt8, Hashable, Sendable {
    /// Nobody holds it.
    case free = 0
    /// A member reads it.
    case owned = 1
    /// A member is to finish it; no more records are delivered.
    case revoking = 2
    /// The connection of its member was lost; it moves when what was delivered is committed, or its time is over.
    case draining = 3
}
