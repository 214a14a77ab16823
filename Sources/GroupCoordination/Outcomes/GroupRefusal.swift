import RecordFormat

/// Why a request was refused whole, without any effect.
public enum GroupRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// No such group.
    case unknownGroup(GroupName)
    /// The session is over, another process has taken its place, or there never was such a member.
    case unknownMember(GroupName, MemberID)
    /// The group reads another list of topics. Both lists are sorted.
    case otherTopics(GroupName, current: [TopicName], requested: [TopicName])
    /// A join without topics.
    case noTopics(GroupName)
    /// A join that names a topic twice.
    case repeatedTopic(GroupName)
    /// The commit timeout lies outside of what may be asked for.
    case commitTimeoutOutOfRange(ClosedRange<Int64>)
    /// The session timeout lies outside of what may be asked for.
    case sessionTimeoutOutOfRange(ClosedRange<Int64>)
    /// The time to live lies outside of what may be asked for.
    case timeToLiveOutOfRange(ClosedRange<Int64>)
    /// The bound on members lies outside of what may be asked for.
    case membersMaxOutOfRange(ClosedRange<Int>)
    /// The group is there, and what was named is not as it is. The fields are those of `GroupSettings`.
    case differs(GroupName, current: GroupSettings, fields: [String])
    /// A group with members is deleted only by force.
    case hasMembers(GroupName, count: Int)
    /// The group does not read a partition that is to be reset.
    case notRead(GroupName, TopicPartition)
    /// The commits of as many dropped topics are kept as may be.
    case tooManyKeptTopics(max: Int)
    /// As many resets wait for their offsets as may.
    case tooManyResets(max: Int)
    /// The instance or member id is empty or too long.
    case invalidName(bytesMax: Int)
    /// The group has as many members as it may.
    case tooManyMembers(max: Int)
    /// The group would read more topics than it may.
    case tooManyTopics(max: Int)
    /// The group would read more partitions than it may.
    case tooManyPartitions(max: Int)
    /// The shard keeps as many groups as it may.
    case tooManyGroups(max: Int)

    /// One sentence that says what was refused and what to do.
    public var description: String {
        switch self {
        case .unknownGroup(let group):
            "group \(group) does not exist; join it with its topics first"
        case .unknownMember(let group, let member):
            "session of member \(member) in group \(group) is over; join again"
        case .otherTopics(let group, let current, let requested):
            "group \(group) reads \(Self.list(current)), not \(Self.list(requested)); use its list or another group"
        case .noTopics(let group):
            "group \(group) needs at least one topic"
        case .repeatedTopic(let group):
            "a topic of group \(group) is named twice; name each once"
        case .commitTimeoutOutOfRange(let range):
            "the commit timeout must be \(range.lowerBound) to \(range.upperBound) ms"
        case .sessionTimeoutOutOfRange(let range):
            "the session timeout must be \(range.lowerBound) to \(range.upperBound) ms"
        case .timeToLiveOutOfRange(let range):
            "the time to live must be \(range.lowerBound) to \(range.upperBound) ms"
        case .membersMaxOutOfRange(let range):
            "a group takes \(range.lowerBound) to \(range.upperBound) members"
        case .differs(let group, _, let fields):
            "group \(group) exists with other values of \(fields.joined(separator: ", ")); change it with PATCH"
        case .hasMembers(let group, let count):
            "group \(group) has \(count) members; stop them, or delete it by force"
        case .notRead(let group, let partition):
            "group \(group) does not read \(partition)"
        case .tooManyKeptTopics(let max):
            "the commits of \(max) topics that were taken off the list are kept, which is the most; forget them"
        case .tooManyResets(let max):
            "\(max) resets of the group wait for their offsets, which is the most; try again"
        case .invalidName(let bytesMax):
            "an instance must be 1 to \(bytesMax) bytes long"
        case .tooManyMembers(let max):
            "the group has \(max) members already, which is the most it takes"
        case .tooManyTopics(let max):
            "a group reads at most \(max) topics"
        case .tooManyPartitions(let max):
            "a group reads at most \(max) partitions"
        case .tooManyGroups(let max):
            "there are \(max) groups already, which is the most that is kept; delete some"
        }
    }

    private static func list(_ topics: [TopicName]) -> String {
        topics.map(\.name).joined(separator: ", ")
    }
}
