import GroupCoordination
import RecordFormat

/// What happens to topics and groups in a simulation.
extension GroupSimulation {
    mutating func answerStart() {
        guard !starts.isEmpty else { return }
        let index = Int.random(in: starts.indices, using: &random)
        let request = starts[index]
        // An answer may come twice: a shard that is read again asks again.
        if request.reset != nil || !random.chance(20) || starts.count > 3 { starts.remove(at: index) }
        let offsets = request.partitions.map { partition in
            ResolvedStart(
                partition: partition.partition,
                topicID: partition.topicID,
                offset: place(request, partition.partition)
            )
        }
        let resolution = StartResolution(group: request.group, offsets: offsets, reset: request.reset)
        if let reset = request.reset { return answer(resolution, reset) }
        let before = description
        for start in offsets where topics.contains(where: { $0.id == start.topicID }) {
            oracle.begun.insert(start.partition)
        }
        apply(.startResolved(resolution))
        for (old, new) in zip(before?.partitions ?? [], description?.partitions ?? []) {
            guard old.committed != nil, old.committed != new.committed else { continue }
            oracle.report("\(old.partition) was resolved twice")
        }
    }

    private mutating func place(_ request: StartRequest, _ partition: TopicPartition) -> Offset {
        let end = visible[partition] ?? 0
        switch request.position {
        case .offset(let offset): return min(offset, Offset(end))
        default: return Offset(end)
        }
    }

    // MARK: Resets

    mutating func reset() {
        guard let description, !description.partitions.isEmpty else { return }
        let all = description.partitions.map(\.partition)
        let some = random.chance(50) ? all.filter { _ in random.chance(40) } : nil
        let reset = GroupReset(
            request: RequestID(nextID()),
            group: Self.group,
            partitions: some,
            to: random.chance(50) ? .latest : .offset(Offset(.random(in: 0...5, using: &random))),
            isDryRun: random.chance(30)
        )
        let outcome = apply(.reset(reset))
        if !outcome.resolveStart.isEmpty { resets[reset.request] = reset }
    }

    private mutating func answer(_ resolution: StartResolution, _ request: RequestID) {
        guard let reset = resets.removeValue(forKey: request) else { return }
        let before = description
        if !reset.isDryRun {
            for start in resolution.offsets {
                oracle.excused.insert(start.partition)
                oracle.resetting.insert(start.partition)
                oracle.begun.insert(start.partition)
                oracle.acknowledged[start.partition] = nil
            }
        }
        let outcome = apply(.startResolved(resolution))
        guard case .reset(let results) = outcome.replies.first?.body else {
            return oracle.report("a reset has no answer")
        }
        // What is acknowledged from here on is acknowledged on top of the reset: nothing of before may come later.
        flush()
        for start in resolution.offsets { oracle.acknowledged[start.partition] = nil }
        if reset.isDryRun {
            if before?.partitions != description?.partitions { oracle.report("a dry run has changed something") }
            return
        }
        for result in results { judge(result, before) }
    }

    private mutating func judge(_ result: ResetResult, _ before: GroupDescription?) {
        guard let to = result.to else { return }
        let former = before?.partitions.first { $0.partition == result.partition }
        let state = state(of: result.partition)
        if state?.committed != to { oracle.report("\(result.partition) was reset, and is not there") }
        if former?.owner != nil, let owner = state?.owner, state?.epoch == former?.epoch {
            oracle.report("\(result.partition) was reset under \(owner), and can be committed over")
        }
    }

    // MARK: Topics

    mutating func grow() {
        let index = Int.random(in: topics.indices, using: &random)
        let topic = topics[index]
        guard topic.partitionCount < 8 else { return }
        topics[index] = GroupTopicDescription(name: topic.name, id: topic.id, partitionCount: topic.partitionCount + 1)
        tell(topics[index])
    }

    /// Tells groups how a topic is: what it has more than they knew begins at 0.
    mutating func tell(_ topic: GroupTopicDescription) {
        begins(topic)
        apply(.topicChanged(topic))
        guard let description, description.topics.contains(topic.name) else { return }
        let known = description.partitions.filter { $0.partition.topic == topic.name }
        if known.count != Int(topic.partitionCount) {
            oracle.report("\(topic.name) has \(topic.partitionCount) partitions, and the group \(known.count)")
        }
    }

    /// Notes the partitions of a topic that the group does not know of: no start is resolved for them.
    private mutating func begins(_ topic: GroupTopicDescription) {
        guard let description, description.topics.contains(topic.name) else { return }
        let isMissing = description.missingTopics.contains(topic.name)
        let count = description.partitions.count { $0.partition.topic == topic.name }
        guard isMissing || count > 0 else { return }
        for index in count..<max(count, Int(topic.partitionCount)) {
            oracle.begun.insert(TopicPartition(topic.name, PartitionIndex(Int32(index))))
        }
    }

    /// One of the topics is deleted and created again under the same name.
    ///
    /// Sometimes the groups hear only of the new one: a crash has cut off what the deletion left to later frames.
    mutating func recreate() {
        flush()
        let topic = topics[1]
        oracle.forget(topic.name, withCommits: true)
        kept = kept.filter { $0.key.topic != topic.name }
        starts = []
        let isToldOfDeletion = random.chance(50)
        if isToldOfDeletion { apply(.topicDeleted(topic.name, topic.id)) }
        visible = visible.filter { $0.key.topic != topic.name }
        lastTopicID += 1
        topics[1] = GroupTopicDescription(name: topic.name, id: TopicID(high: 1, low: lastTopicID), partitionCount: 2)
        if let description, description.topics.contains(topic.name) {
            for index in 0..<Int32(2) { oracle.begun.insert(TopicPartition(topic.name, PartitionIndex(index))) }
        }
        oracle.forgetStarts(of: topic.name)
        apply(.topicChanged(topics[1]))
        for state in description?.partitions ?? [] where state.partition.topic == topic.name {
            if state.committed != .zero { oracle.report("\(state.partition) inherits \(state.committed ?? .zero)") }
        }
        // The store keeps a deletion and what goes with it in order: no crash takes a part of it back.
        flush()
        askAgain()
    }

    /// Starts that are still unknown are asked for again by the next joiner; here at once.
    private mutating func askAgain() {
        guard let description else { return }
        let partitions = description.partitions.filter { $0.committed == nil }
        guard !partitions.isEmpty else { return }
        join(isPlain: true)
    }

    // MARK: Groups

    /// A topic is taken off the list, or comes back.
    mutating func changeTopics() {
        guard let description else { return }
        let name = topics[Int.random(in: 1...2, using: &random)].name
        var names = Set(description.topics)
        let isDropped = names.contains(name)
        if isDropped { names.remove(name) } else { names.insert(name) }
        var configure = GroupConfigure(request: RequestID(nextID()), group: Self.group, mode: .change)
        configure.topics = topics.filter { names.contains($0.name) }
        if configure.topics?.isEmpty != false { return }
        if isDropped {
            for state in description.partitions where state.partition.topic == name {
                if let committed = state.committed { kept[state.partition] = committed }
            }
            oracle.forget(name, withCommits: false)
        } else {
            returns(name, description)
        }
        listed = names
        let outcome = apply(.configure(configure))
        guard case .configured = outcome.replies.first?.body else { return oracle.report("a change was refused") }
        judgeTopics(name, isDropped)
    }

    /// A topic that comes back has its commits; what it has more by now begins at 0.
    private mutating func returns(_ name: TopicName, _ description: GroupDescription) {
        guard description.keptTopics.contains(name), let topic = topics.first(where: { $0.name == name }) else {
            return
        }
        for index in 0..<topic.partitionCount {
            oracle.begun.insert(TopicPartition(name, PartitionIndex(index)))
        }
    }

    private mutating func judgeTopics(_ name: TopicName, _ isDropped: Bool) {
        let partitions = (description?.partitions ?? []).filter { $0.partition.topic == name }
        if isDropped {
            if !partitions.isEmpty { oracle.report("\(name) was taken off the list, and is still read") }
            return
        }
        for state in partitions {
            guard let committed = kept.removeValue(forKey: state.partition), state.committed != committed else {
                continue
            }
            oracle.report("\(state.partition) comes back at \(String(describing: state.committed)), not \(committed)")
        }
    }

    /// Other timeouts, or a time to live.
    mutating func changeTimes() {
        guard description != nil else { return }
        var configure = GroupConfigure(request: RequestID(nextID()), group: Self.group, mode: .change)
        if random.chance(50) {
            configure.commitTimeoutMilliseconds = [4_000, 20_000].randomElement(using: &random)
        }
        if random.chance(70) { configure.timeToLive = .milliseconds(.random(in: 1_000...30_000, using: &random)) }
        if let timeout = configure.commitTimeoutMilliseconds, timeout != oracle.commitTimeout {
            oracle.commitTimeout = timeout
            for partition in oracle.watched.keys { oracle.renewed(partition, at: wall) }
        }
        if case .milliseconds(let life) = configure.timeToLive { oracle.timeToLive = life }
        apply(.configure(configure))
        flush()
    }

    /// No more ends: what is left must settle.
    mutating func endLife() {
        guard description != nil else { return }
        var configure = GroupConfigure(request: RequestID(nextID()), group: Self.group, mode: .change)
        configure.timeToLive = .unlimited
        oracle.timeToLive = nil
        apply(.configure(configure))
    }

    mutating func delete() {
        guard let description else { return }
        let isForced = random.chance(10)
        let request = GroupDelete(request: RequestID(nextID()), group: Self.group, isForced: isForced)
        let isAllowed = isForced || description.members.isEmpty
        flush()
        switch apply(.delete(request)).replies.last?.body {
        case .deleted: if !isAllowed { oracle.report("a group was deleted under its members") }
        case .refused(.hasMembers): if isAllowed { oracle.report("a group without members was not deleted") }
        default: oracle.report("a deletion has no answer")
        }
        compareWithLog()
        flush()
    }
}

extension GroupOracle {
    /// A topic is another one now: answers for the former one do not count.
    mutating func forgetStarts(of topic: TopicName) {
        committed = committed.filter { $0.key.topic != topic }
        watched = watched.filter { $0.key.topic != topic }
    }
}
