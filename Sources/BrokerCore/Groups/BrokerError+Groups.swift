import GroupCoordination
import RecordFormat

extension BrokerError {
    /// What a refused group request is to the outside.
    init(_ refusal: GroupRefusal, group: GroupName) {
        switch refusal {
        case .unknownGroup(let group): self = .groupNotFound(group)
        case .unknownMember(let group, _): self = .sessionExpired(group)
        case .otherTopics(let group, let current, _): self = .groupTopicsDiffer(group, topics: current)
        case .tooManyMembers(let max): self = .groupFull(group, max: max)
        case .differs(let group, let current, let fields):
            self = .groupDiffers(group, details: current.text(of: fields))
        case .hasMembers(let group, let count): self = .groupHasMembers(group, count: count)
        case .tooManyKeptTopics(let max): self = .tooManyKeptTopics(group, max: max)
        case .notRead(let group, let partition): self = .partitionNotShared(group, partition)
        case .tooManyResets(let max): self = .tooManyResets(group, max: max)
        case .noTopics(let group): self = .invalid("topics is missing: the group \(group) needs at least one")
        case .repeatedTopic, .commitTimeoutOutOfRange, .sessionTimeoutOutOfRange, .timeToLiveOutOfRange,
            .membersMaxOutOfRange, .invalidName, .tooManyTopics, .tooManyPartitions,
            .tooManyGroups:
            self = .invalid(refusal.description)
        }
    }
}

extension GroupCoordination.GroupSettings {
    /// What is in force of some fields, under the names under which they are chosen.
    fileprivate func text(of fields: [String]) -> String {
        fields.map { field in
            switch field {
            case "topics": "topics is \(topics.map(\.name).joined(separator: ","))"
            case "start": "from is \(StartPosition(start).text)"
            case "commitTimeoutMilliseconds": "commitTimeoutMs is \(commitTimeoutMilliseconds)"
            case "sessionTimeoutMilliseconds": "sessionTimeoutMs is \(sessionTimeoutMilliseconds)"
            case "membersMax": "membersMax is \(membersMax)"
            case "timeToLiveMilliseconds":
                "timeToLiveMs is \(timeToLiveMilliseconds.map { "\($0)" } ?? "null")"
            default: field
            }
        }.joined(separator: "; ")
    }
}
