import RecordFormat

/// The bounds that joins and settings must keep.
extension GroupShard {
    func refusal(of join: GroupJoin) -> GroupRefusal? {
        refusalOfNames(join) ?? refusalOfTopics(join.topics, of: join.group)
            ?? refusalOfCommitTimeout(join.commitTimeoutMilliseconds) ?? refusalOfPlace(join)
    }

    func refusal(of configure: GroupConfigure) -> GroupRefusal? {
        if let topics = configure.topics {
            if topics.isEmpty { return .noTopics(configure.group) }
            if let refusal = refusalOfTopics(topics, of: configure.group) { return refusal }
        }
        return refusalOfCommitTimeout(configure.commitTimeoutMilliseconds) ?? refusalOfTimes(configure)
            ?? refusalOfPlace(configure)
    }

    private func refusalOfTimes(_ configure: GroupConfigure) -> GroupRefusal? {
        let sessions = configuration.sessionTimeoutRangeMilliseconds
        if let timeout = configure.sessionTimeoutMilliseconds, !sessions.contains(timeout) {
            return .sessionTimeoutOutOfRange(sessions)
        }
        let lives = configuration.timeToLiveRangeMilliseconds
        if case .milliseconds(let life) = configure.timeToLive, !lives.contains(life) {
            return .timeToLiveOutOfRange(lives)
        }
        let members = 1...configuration.membersPerGroupMax
        if let max = configure.membersMax, !members.contains(max) { return .membersMaxOutOfRange(members) }
        return nil
    }

    private func refusalOfPlace(_ configure: GroupConfigure) -> GroupRefusal? {
        if let group = table[configure.group] { return configure.mode == .change ? group.refusal(of: configure) : nil }
        guard configure.mode == .create else { return .unknownGroup(configure.group) }
        guard configure.topics != nil else { return .noTopics(configure.group) }
        return refusalOfFullness
    }

    private var refusalOfFullness: GroupRefusal? {
        table.count >= configuration.groupsPerShardMax ? .tooManyGroups(max: configuration.groupsPerShardMax) : nil
    }

    private func refusalOfNames(_ join: GroupJoin) -> GroupRefusal? {
        let names = [join.member.value, join.instance].compactMap(\.self)
        let isValid = names.allSatisfy { (1...configuration.nameBytesMax).contains($0.utf8.count) }
        return isValid ? nil : .invalidName(bytesMax: configuration.nameBytesMax)
    }

    private func refusalOfTopics(_ topics: [GroupTopicDescription], of group: GroupName) -> GroupRefusal? {
        guard topics.count <= configuration.topicsPerGroupMax else {
            return .tooManyTopics(max: configuration.topicsPerGroupMax)
        }
        guard Set(topics.map(\.name)).count == topics.count else { return .repeatedTopic(group) }
        let partitionCount = topics.reduce(0) { $0 + Int($1.partitionCount) }
        guard partitionCount <= configuration.partitionsPerGroupMax else {
            return .tooManyPartitions(max: configuration.partitionsPerGroupMax)
        }
        return nil
    }

    private func refusalOfCommitTimeout(_ timeout: Int64?) -> GroupRefusal? {
        guard let timeout else { return nil }
        let range = configuration.commitTimeoutRangeMilliseconds
        return range.contains(timeout) ? nil : .commitTimeoutOutOfRange(range)
    }

    private func refusalOfPlace(_ join: GroupJoin) -> GroupRefusal? {
        guard let group = table[join.group] else {
            return join.topics.isEmpty ? .noTopics(join.group) : refusalOfFullness
        }
        return group.refusal(of: join)
    }
}
