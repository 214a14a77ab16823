import RecordFormat

/// Making a group without members, and changing one for all of them.
extension ConsumerGroup {
    /// Answers the making of a group: what is there already must be as is asked for.
    ///
    /// Only what is named is compared, so that a client may say the same twice whatever others changed meanwhile.
    mutating func created(_ configure: GroupConfigure, isNew: Bool, now: GroupNow, changes: inout GroupChanges) {
        if isNew {
            raiseEpoch(&changes)
            askForStarts(&changes)
            return replyConfigured(.created, configure, &changes)
        }
        let fields = differences(from: configure)
        guard fields.isEmpty else {
            let refusal = GroupRefusal.differs(name, current: settings, fields: fields)
            return changes.reply(configure.request, .refused(refusal))
        }
        replyConfigured(.unchanged, configure, &changes)
    }

    /// Changes what is named; nothing else moves for it.
    mutating func configure(_ configure: GroupConfigure, now: GroupNow, changes: inout GroupChanges) {
        let former = (settings, kept.count)
        rules.apply(configure)
        if let list = configure.topics {
            setTopics(list, now: now, changes: &changes)
        }
        let forgetsUnasked = configure.topics != nil && isPlanted(.droppedCommitsForgotten)
        if configure.forgetsDroppedTopics || forgetsUnasked { forgetDroppedTopics(&changes) }
        guard (settings, kept.count) != former else { return replyConfigured(.unchanged, configure, &changes) }
        changes.isGroupChanged = true
        if former.0.commitTimeoutMilliseconds != commitTimeout { restartLeases(now: now, changes: &changes) }
        setEnd(now: now)
        if former.0.topics != settings.topics {
            raiseEpoch(&changes)
            history.note(.topicsChanged)
            askForStarts(&changes)
            reconcileUnlessCollecting(now: now, changes: &changes)
        }
        wakeAt = nextDeadline()
        replyConfigured(.changed, configure, &changes)
    }

    /// Why a change cannot be carried out, or `nil`.
    func refusal(of configure: GroupConfigure) -> GroupRefusal? {
        guard let list = configure.topics, !configure.forgetsDroppedTopics else { return nil }
        let dropped = topics.filter { name, topic in topic.id != nil && !list.contains { $0.name == name } }
        let returning = list.count { kept[$0.name] != nil }
        let max = configuration.topicsPerGroupMax
        return kept.count - returning + dropped.count > max ? .tooManyKeptTopics(max: max) : nil
    }

    private func differences(from configure: GroupConfigure) -> [String] {
        var wanted = self
        wanted.rules.apply(configure)
        let topics = configure.topics.map { $0.map(\.name).sorted() } ?? settings.topics
        let (mine, other) = (settings, wanted.settings)
        return [
            topics == mine.topics ? nil : "topics",
            other.start == mine.start ? nil : "start",
            other.commitTimeoutMilliseconds == mine.commitTimeoutMilliseconds ? nil : "commitTimeoutMilliseconds",
            other.sessionTimeoutMilliseconds == mine.sessionTimeoutMilliseconds ? nil : "sessionTimeoutMilliseconds",
            other.membersMax == mine.membersMax ? nil : "membersMax",
            other.timeToLiveMilliseconds == mine.timeToLiveMilliseconds ? nil : "timeToLiveMilliseconds",
        ].compactMap(\.self)
    }

    private func replyConfigured(
        _ change: ConfiguredGroup.Change,
        _ configure: GroupConfigure,
        _ changes: inout GroupChanges
    ) {
        changes.reply(
            configure.request,
            .configured(ConfiguredGroup(change: change, epoch: epoch, settings: settings))
        )
    }

    /// Puts another list of topics in the place of the present one.
    ///
    /// The partitions of dropped topics are taken away at once, whatever is uncommitted; their commits are kept, as in
    /// Kafka, and count when the topic comes back, unless they are to be forgotten. An added topic begins where the group
    /// begins, in partitions of which no commit is kept.
    private mutating func setTopics(
        _ list: [GroupTopicDescription],
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        let names = Set(list.map(\.name))
        for name in topics.keys where !names.contains(name) {
            dropFromList(name, changes: &changes)
        }
        for description in list { addToList(description, now: now, changes: &changes) }
        topics.sort { $0.key < $1.key }
    }

    /// Ends the commits of topics that are not on the list any more.
    private mutating func forgetDroppedTopics(_ changes: inout GroupChanges) {
        for (topic, state) in kept { noteTombstones(of: topic, state, changes: &changes) }
        kept = [:]
    }

    private mutating func dropFromList(_ name: TopicName, changes: inout GroupChanges) {
        if isPlanted(.droppedTopicKept) { return }
        for partition in allPartitions where partition.topic == name {
            free(partition, reason: .topicDropped, changes: &changes)
        }
        guard let topic = topics.removeValue(forKey: name), topic.id != nil else { return }
        kept[name] = topic
    }

    private mutating func addToList(
        _ description: GroupTopicDescription,
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        let name = description.name
        if topics[name] == nil {
            let former = kept.removeValue(forKey: name)
            guard let former, former.id == description.id else {
                if let former { noteTombstones(of: name, former, changes: &changes) }
                return begin(with: [description])
            }
            topics[name] = former
        }
        grow(to: description, now: now, changes: &changes)
    }

    /// Another commit timeout begins now, for what is in flight too: a shorter one would be over at once and without a
    /// warning.
    ///
    /// A hand-over that is under way keeps its new end over a restart.
    private mutating func restartLeases(now: GroupNow, changes: inout GroupChanges) {
        let until = now.wall.advanced(byMilliseconds: commitTimeout)
        for partition in partitions(where: { $0.holder?.lease != nil }) {
            guard let holder = self[partition]?.holder else { continue }
            update(partition) { $0.holder?.lease = Lease(startedAt: now.monotonicMilliseconds) }
            switch holder.phase {
            case .owned: continue
            case .revoking: update(partition) { $0.holder?.phase = .revoking(until: until) }
            case .draining: update(partition) { $0.holder?.phase = .draining(until: until) }
            }
            changes.partitions.insert(partition)
        }
    }
}
