import RecordFormat

/// What a group agrees on, as it is in force; its topics stand in its summary.
public struct GroupSettings: Hashable, Sendable {
    /// Where partitions without a commit begin.
    public let start: StartPosition
    /// How long delivered records of a partition may stay without commit or progress.
    public let commitTimeoutMilliseconds: Int64
    /// How long a session may be reclaimed, or an explicit member go without a request.
    public let sessionTimeoutMilliseconds: Int64
    /// How many members the group takes.
    public let membersMax: Int
    /// How long the group lives on without a member; nil is for ever.
    public let timeToLiveMilliseconds: Int64?

    /// Creates settings.
    public init(
        start: StartPosition,
        commitTimeoutMilliseconds: Int64,
        sessionTimeoutMilliseconds: Int64,
        membersMax: Int,
        timeToLiveMilliseconds: Int64?
    ) {
        self.start = start
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
        self.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
        self.membersMax = membersMax
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
    }
}

/// What a request asks of a group; nil asks for nothing, which is the default in a new group.
public struct GroupSettingsChange: Hashable, Sendable {
    /// A time to live.
    public enum TimeToLive: Hashable, Sendable {
        /// The group stays until it is deleted.
        case unlimited
        /// The group ends when it had no member for so long.
        case milliseconds(Int64)
    }

    /// The whole list of topics; needed for a new group.
    public var topics: [TopicName]?
    /// Where partitions without a commit begin.
    public var start: StartPosition?
    /// How long delivered records of a partition may stay without commit or progress.
    public var commitTimeoutMilliseconds: Int64?
    /// How long a session may be reclaimed, or an explicit member go without a request.
    public var sessionTimeoutMilliseconds: Int64?
    /// How many members the group takes.
    public var membersMax: Int?
    /// How long the group lives on without a member.
    public var timeToLive: TimeToLive?
    /// Whether the commits of topics off the list are ended; they are kept otherwise.
    public var forgetsDroppedTopics = false

    /// A change of nothing.
    public init() {}
}

/// The answer to the making of a group.
public enum GroupCreation: Sendable {
    /// The group is new.
    case created(GroupReport)
    /// The group was there as was asked for.
    case unchanged(GroupReport)
}

extension StartPosition {
    /// As it is written: `earliest`, `latest`, a time, `-n`, or an offset.
    public var text: String {
        switch self {
        case .earliest: "earliest"
        case .latest: "latest"
        case .beforeEnd(let count): "-\(count)"
        case .offset(let offset): "\(offset.value)"
        case .time(let time): time.rfc3339
        }
    }
}
