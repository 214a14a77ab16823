import RecordFormat

/// A request to join a group, or to resume a session of it.
public struct GroupJoinRequest: Sendable {
    /// The group.
    public let group: GroupName
    /// The topics to share; empty only when resuming.
    public let topics: [TopicName]
    /// The name of a static member.
    public let instance: String?
    /// Resume this member instead of joining as a new one.
    ///
    /// The surface has verified the token that carried it.
    public let resume: String?
    /// Where partitions without a commit begin; resolved once and stored.
    public let start: StartPosition
    /// The most records that may be delivered and uncommitted; nil for the default.
    public let maxInFlight: Int?
    /// The most bytes that may be delivered and uncommitted, as they are stored; nil for the default.
    public let maxInFlightBytes: Int?
    /// How long delivered records of a partition may stay uncommitted, when this request creates the group; nil for the
    /// default.
    public let commitTimeoutMilliseconds: Int64?
    /// Who asks; a session can be resumed by the same principal only.
    public let principal: Principal

    /// Creates a request.
    public init(
        group: GroupName,
        topics: [TopicName],
        instance: String? = nil,
        resume: String? = nil,
        start: StartPosition = .earliest,
        maxInFlight: Int? = nil,
        maxInFlightBytes: Int? = nil,
        commitTimeoutMilliseconds: Int64? = nil,
        principal: Principal
    ) {
        self.group = group
        self.topics = topics
        self.instance = instance
        self.resume = resume
        self.start = start
        self.maxInFlight = maxInFlight
        self.maxInFlightBytes = maxInFlightBytes
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
        self.principal = principal
    }
}

/// A member's live connection to its group.
///
/// One task at a time calls `next`.
public protocol GroupSession: Sendable {
    /// The member's id in the group.
    var member: String { get }
    /// The group's epoch when the session was opened.
    var groupEpoch: Int64 { get }
    /// The next thing to tell the member: control events first, then records, until the deadline (`idle`).
    ///
    /// Records of a partition are given only while the member owns it and it is not being revoked. `goodbye` is the last
    /// event. Cancellation of the task answers `idle`.
    ///
    /// - Parameter allowance: what the client takes now; without room, control events alone are given.
    func next(deadline: MonotonicInstant?, allowance: DeliveryAllowance) async -> GroupEvent
    /// Ends the session: the member leaves (`leave`), or its connection is gone (`disconnected`).
    func close(_ reason: GroupCloseReason) async
}

extension GroupSession {
    /// The next thing to tell a member that takes everything.
    public func next(deadline: MonotonicInstant?) async -> GroupEvent {
        await next(deadline: deadline, allowance: .unlimited)
    }
}

/// How much a client takes of what a stream has for it.
public struct DeliveryAllowance: Hashable, Sendable {
    /// The most records.
    public let records: Int64
    /// The most bytes, as they are stored; the last record that is let through may be larger than what is left of them.
    public let bytes: Int64

    /// Everything there is.
    public static let unlimited = DeliveryAllowance(records: .max, bytes: .max)
    /// No record.
    public static let none = DeliveryAllowance(records: 0, bytes: 0)

    /// Creates an allowance.
    public init(records: Int64, bytes: Int64) {
        self.records = records
        self.bytes = bytes
    }
}

/// How a session ends from the member's side.
public enum GroupCloseReason: Sendable {
    /// The member leaves: its partitions move as soon as they are drained.
    case leave
    /// The connection is gone: dynamic members drain, static ones keep their partitions for the session timeout.
    case disconnected
}

/// A partition that a member owns.
public struct AssignedPartition: Hashable, Sendable {
    /// The partition.
    public let partition: TopicPartition
    /// The epoch of this ownership: commits must name it.
    public let epoch: Int64
    /// The next offset that will be delivered.
    public let start: Offset

    /// Creates an assigned partition.
    public init(partition: TopicPartition, epoch: Int64, start: Offset) {
        self.partition = partition
        self.epoch = epoch
        self.start = start
    }
}

/// What a group tells a member.
public enum GroupEvent: Sendable {
    /// The member now owns these, all of them listed; empty for a standby.
    case assigned(groupEpoch: Int64, partitions: [AssignedPartition])
    /// Records of an owned partition, and the epoch of its ownership.
    case records(ReadResult.Slice, epoch: Int64)
    /// Finish and commit these; nothing more of them will be delivered.
    case revoking(partitions: [TopicPartition], deadlineMilliseconds: Int64)
    /// These are gone, with what was committed of each.
    case revoked(partitions: [(partition: TopicPartition, committed: Offset, reason: String)])
    /// The member must commit before more is delivered.
    case paused(uncommitted: Int64, uncommittedBytes: Int64)
    /// Delivery goes on after `paused`.
    case resumed
    /// Half of the commit timeout has passed for these.
    case leaseWarning(partitions: [TopicPartition], remainingMilliseconds: Int64)
    /// Retention removed a range before it was delivered.
    case gap(ReadResult.Gap)
    /// The partition cannot be read on: nothing more of it is delivered to this session.
    case unreadable(TopicPartition, BrokerError)
    /// The deadline passed with nothing to say: time for a heartbeat.
    case idle
    /// The session has ended.
    case goodbye(reason: String, reconnect: Bool, retryAfterMilliseconds: Int64)
}

/// Offsets to commit for a session.
public struct CommitOffsetsRequest: Sendable {
    /// One partition's offset.
    public struct Item: Sendable {
        /// The partition.
        public let partition: TopicPartition
        /// The next offset to read.
        public let offset: Offset
        /// The epoch under which the member owns the partition.
        public let epoch: Int64
        /// The client's own note, kept with the offset; at most 4 KiB.
        public let metadata: String

        /// Creates an item.
        public init(partition: TopicPartition, offset: Offset, epoch: Int64, metadata: String = "") {
            self.partition = partition
            self.offset = offset
            self.epoch = epoch
            self.metadata = metadata
        }
    }

    /// The group.
    public let group: GroupName
    /// The member, as its verified session token names it.
    public let member: String
    /// Who asks.
    public let principal: Principal
    /// What to commit.
    public let items: [Item]
    /// Partitions whose lease is renewed without a commit.
    public let progress: [TopicPartition]
    /// Partitions that the member gives back.
    public let release: [TopicPartition]

    /// Creates a request.
    public init(
        group: GroupName,
        member: String,
        principal: Principal,
        items: [Item],
        progress: [TopicPartition] = [],
        release: [TopicPartition] = []
    ) {
        self.group = group
        self.member = member
        self.principal = principal
        self.items = items
        self.progress = progress
        self.release = release
    }
}

/// A group in a list.
public struct GroupSummary: Sendable {
    /// The name.
    public let name: GroupName
    /// Its topics.
    public let topics: [TopicName]
    /// How many members it has.
    public let memberCount: Int
    /// Its epoch.
    public let groupEpoch: Int64

    /// Creates a summary.
    public init(name: GroupName, topics: [TopicName], memberCount: Int, groupEpoch: Int64) {
        self.name = name
        self.topics = topics
        self.memberCount = memberCount
        self.groupEpoch = groupEpoch
    }
}
