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
