import RecordFormat

/// A member as a verified session names it.
public struct MemberIdentity: Hashable, Sendable {
    /// The group.
    public let group: GroupName
    /// The member's id.
    public let member: String
    /// Who asks.
    public let principal: Principal

    /// Creates an identity.
    public init(group: GroupName, member: String, principal: Principal) {
        self.group = group
        self.member = member
        self.principal = principal
    }
}

/// An explicit member's session as it was agreed.
public struct ExplicitMembership: Hashable, Sendable {
    /// The member's id.
    public let member: String
    /// The group's epoch.
    public let groupEpoch: Int64
    /// How long it may go without a request.
    public let sessionTimeoutMilliseconds: Int64
    /// How long delivered records of a partition may stay without commit or progress.
    public let commitTimeoutMilliseconds: Int64

    /// Creates a membership.
    public init(
        member: String,
        groupEpoch: Int64,
        sessionTimeoutMilliseconds: Int64,
        commitTimeoutMilliseconds: Int64
    ) {
        self.member = member
        self.groupEpoch = groupEpoch
        self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
    }
}

/// An explicit member's request for what there is for it.
public struct MemberPoll: Sendable {
    /// The member.
    public let identity: MemberIdentity
    /// Until when to wait for something to tell.
    public let deadline: MonotonicInstant
    /// The most that is delivered.
    public let allowance: DeliveryAllowance
    /// The last page that the member has, empty for none: what was delivered in a later one is delivered again.
    ///
    /// Nil trusts that it has all.
    public let after: String?

    /// Creates a request.
    public init(
        identity: MemberIdentity,
        deadline: MonotonicInstant,
        allowance: DeliveryAllowance = .unlimited,
        after: String? = nil
    ) {
        self.identity = identity
        self.deadline = deadline
        self.allowance = allowance
        self.after = after
    }
}

/// What there was for an explicit member.
public struct MemberPage: Sendable {
    /// Its name, for `MemberPoll.after`.
    public let id: String
    /// The group's epoch.
    public let groupEpoch: Int64
    /// What the member owns and may read, each with the next offset that comes.
    public let partitions: [AssignedPartition]
    /// What the group said, records left out, in order.
    public let events: [GroupEvent]
    /// Records, in order within a partition.
    public let records: [ReadResult.Slice]

    /// Creates a page.
    public init(
        id: String,
        groupEpoch: Int64,
        partitions: [AssignedPartition],
        events: [GroupEvent],
        records: [ReadResult.Slice]
    ) {
        self.id = id
        self.groupEpoch = groupEpoch
        self.partitions = partitions
        self.events = events
        self.records = records
    }
}

/// What a heartbeat is answered with.
public struct MemberStanding: Hashable, Sendable {
    /// A partition that the member holds.
    public struct Held: Hashable, Sendable {
        /// The partition.
        public let partition: TopicPartition
        /// The epoch of the ownership.
        public let epoch: Int64

        /// Creates a pair.
        public init(partition: TopicPartition, epoch: Int64) {
            self.partition = partition
            self.epoch = epoch
        }
    }

    /// The group's epoch.
    public let groupEpoch: Int64
    /// What the member owns, as its last page told; of a member without a page, what it holds.
    public let partitions: [Held]
    /// How long it may go without the next request.
    public let sessionTimeoutMilliseconds: Int64

    /// Creates a standing.
    public init(groupEpoch: Int64, partitions: [Held], sessionTimeoutMilliseconds: Int64) {
        self.groupEpoch = groupEpoch
        self.partitions = partitions
        self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
    }
}
