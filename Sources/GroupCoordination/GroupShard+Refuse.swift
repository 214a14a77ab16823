import RecordFormat

/// The bounds that a join must keep.
extension GroupShard {
    func refusal(of join: GroupJoin) -> GroupRefusal? {
        refusalOfNames(join) ?? refusalOfTopics(join) ?? refusalOfTimeout(join) ?? refusalOfPlace(join)
    }

    private func refusalOfNames(_ join: GroupJoin) -> GroupRefusal? {
        let names = [join.member.value, join.instance].compactMap(\.self)
        let isValid = names.allSatisfy { (1...configuration.nameBytesMax).contains($0.utf8.count) }
        return isValid ? nil : .invalidName(bytesMax: configuration.nameBytesMax)
    }

    private func refusalOfTopics(_ join: GroupJoin) -> GroupRefusal? {
        guard !join.topics.isEmpty else { return .noTopics(join.group) }
        guard join.topics.count <= configuration.topicsPerGroupMax else {
            return .tooManyTopics(max: configuration.topicsPerGroupMax)
        }
        guard Set(join.topics.map(\.name)).count == join.topics.count else { return .repeatedTopic(join.group) }
        let partitionCount = join.topics.reduce(0) { $0 + Int($1.partitionCount) }
        guard partitionCount <= configuration.partitionsPerGroupMax else {
            return .tooManyPartitions(max: configuration.partitionsPerGroupMax)
        }
        return nil
    }

    private func refusalOfTimeout(_ join: GroupJoin) -> GroupRefusal? {
        guard let timeout = join.commitTimeoutMilliseconds else { return nil }
        let range = configuration.commitTimeoutRangeMilliseconds
        return range.contains(timeout) ? nil : .commitTimeoutOutOfRange(range)
    }

    private func refusalOfPlace(_ join: GroupJoin) -> GroupRefusal? {
        guard let group = table[join.group] else {
            let isFull = table.count >= configuration.groupsPerShardMax
            return isFull ? .tooManyGroups(max: configuration.groupsPerShardMax) : nil
        }
        return group.refusal(of: join)
    }
}
