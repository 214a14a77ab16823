import RecordFormat

/// What a group agrees on: its topics, where it begins, its timeouts and bounds.
public struct GroupSettings: Hashable, Sendable {
    /// The topics that all members share, sorted.
    public var topics: [TopicName]
    /// Where partitions without a commit begin; used at the group's creation and for topics added later.
    public var start: StartPosition
    /// How long delivered records of a partition may stay without commit or progress.
    public var commitTimeoutMilliseconds: Int64
    /// How long a session may be reclaimed after its connection was lost, or go without a heartbeat.
    public var sessionTimeoutMilliseconds: Int64
    /// How many members the group takes.
    public var membersMax: Int
    /// How long the group lives on without a member, with its commits; `nil` is for ever.
    public var timeToLiveMilliseconds: Int64?
}

/// Makes a group without members, or changes one: `PUT` and `PATCH`.
///
/// Replied: `configured` or `refused`.
public struct GroupConfigure: Sendable {
    /// What is asked for.
    public enum Mode: Hashable, Sendable {
        /// Make the group; where it is there already, what is named here must be as it is.
        case create
        /// Change what is named here, for all members.
        case change
    }

    /// A new time to live.
    public enum TimeToLive: Hashable, Sendable {
        /// The group stays until it is deleted.
        case unlimited
        /// The group ends when it had no member for so long.
        case milliseconds(Int64)
    }

    /// Echoed in the reply.
    public var request: RequestID
    /// The group.
    public var group: GroupName
    /// What is asked for.
    public var mode: Mode
    /// The whole list of topics, each as it is now; `nil` leaves it.
    public var topics: [GroupTopicDescription]?
    /// Where partitions without a commit begin; `nil` is earliest for a new group.
    public var start: StartPosition?
    /// The commit timeout.
    public var commitTimeoutMilliseconds: Int64?
    /// The session timeout.
    public var sessionTimeoutMilliseconds: Int64?
    /// How many members the group takes; those that are in stay in.
    public var membersMax: Int?
    /// The time to live.
    public var timeToLive: TimeToLive?
    /// Whether the commits of topics that are not on the list are ended; they are kept otherwise.
    public var forgetsDroppedTopics: Bool

    /// Makes a command that names nothing but the group.
    public init(request: RequestID, group: GroupName, mode: Mode, topics: [GroupTopicDescription]? = nil) {
        self.request = request
        self.group = group
        self.mode = mode
        self.topics = topics
        forgetsDroppedTopics = false
    }
}

/// Ends a group with all that is stored of it.
///
/// Replied: `deleted` or `refused`.
public struct GroupDelete: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The group.
    public var group: GroupName
    /// Whether members are sent away; otherwise a group with members is not deleted.
    public var isForced: Bool

    /// Makes a deletion.
    public init(request: RequestID, group: GroupName, isForced: Bool = false) {
        self.request = request
        self.group = group
        self.isForced = isForced
    }
}
