import RecordFormat

/// Setting offsets by hand.
extension ConsumerGroup {
    /// Asks for the offsets; the answer carries the reset out.
    mutating func reset(_ reset: GroupReset, changes: inout GroupChanges) {
        let partitions = Set(reset.partitions ?? allPartitions.filter { self[$0] != nil }).sorted()
        if let unknown = partitions.first(where: { self[$0] == nil }) {
            return changes.reply(reset.request, .refused(.notRead(name, unknown)))
        }
        guard resets.count < configuration.resetsPerGroupMax else {
            return changes.reply(reset.request, .refused(.tooManyResets(max: configuration.resetsPerGroupMax)))
        }
        guard !partitions.isEmpty else { return changes.reply(reset.request, .reset([])) }
        var pending = reset
        pending.partitions = partitions
        resets[reset.request] = pending
        let asked = partitions.compactMap { partition in
            topics[partition.topic]?.id.map { StartPartition(partition: partition, topicID: $0) }
        }
        changes.resetsToResolve.append(
            StartRequest(group: name, position: reset.position, partitions: asked, reset: reset.request)
        )
    }

    /// Carries a reset out, or tells what it would do.
    ///
    /// Whoever reads a partition goes on reading it, from the new offset and under a new epoch, so that nothing it was
    /// given before can be committed over the reset. What was being taken away is free at once: what was delivered does
    /// not count any more.
    mutating func resetResolved(
        _ request: RequestID,
        _ offsets: [ResolvedStart],
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        guard let reset = resets.removeValue(forKey: request) else { return }
        let found = Dictionary(offsets.map { ($0.partition, $0) }) { $1 }
        let isActing = !reset.isDryRun || isPlanted(.dryRunActs)
        var results: [ResetResult] = []
        for partition in reset.partitions ?? [] {
            let from = self[partition]?.committed?.offset
            let to = found[partition].flatMap { $0.topicID == topics[partition.topic]?.id ? $0.offset : nil }
            if isActing, let to, self[partition] != nil { set(partition, to: to, now: now, changes: &changes) }
            let owner = self[partition]?.holder?.member
            results.append(ResetResult(partition: partition, from: from, to: to, owner: owner))
        }
        if isActing, isPlanted(.resetTouchesAll) {
            for partition in allPartitions { free(partition, reason: .reset, changes: &changes) }
        }
        changes.reply(request, .reset(results))
        guard isActing else { return }
        history.note(.offsetsReset)
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    private mutating func set(
        _ partition: TopicPartition,
        to offset: Offset,
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        let holder = self[partition]?.holder
        if !isPlanted(.resetKeepsEpochs) { free(partition, reason: .reset, changes: &changes) }
        begin(partition, at: offset, now: now, changes: &changes)
        guard let holder, holder.phase == .owned, self[partition]?.holder == nil else { return }
        // A member that is away keeps what it has; one that is there is told where to go on.
        let epoch = take(partition, by: holder.member, changes: &changes)
        guard members[holder.member]?.isConnected == true, let topicID = topics[partition.topic]?.id else { return }
        changes.assign(
            AssignedPartition(partition: partition, topicID: topicID, epoch: epoch, start: offset),
            to: holder.member
        )
    }
}
