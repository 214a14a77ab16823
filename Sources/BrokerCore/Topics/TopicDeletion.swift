import GroupCoordination
import RecordFormat
import SegmentStore
import Synchronization

/// The deletion of a topic: one request with the topic's id and the tombstones of the commits on it, so that a crash leaves
/// both or neither (rule 21 of the journal).
///
/// A frame is bounded, and the number of groups that read a topic is not: what is more than `tombstoneBytesMax` follows in
/// requests of its own, a group each, right behind. A crash between them leaves commits whose topic's id no topic bears;
/// nothing can be read by them, and the shard's next start ends them (`GroupCoordinator.forgetGoneTopics`).
///
/// Runs on the administration thread.
///
/// The shards' locks are held together, in the order of their index, while the request is queued: no shard may queue a
/// record between its tombstones' making and their place in the queue.
struct TopicDeletion {
    let topic: Topic
    let broker: Broker

    /// Deletes the topic and waits until that is durable.
    func run() throws(BrokerError) {
        let outcome = Mutex<AppendResolution?>(nil)
        let parker = ThreadParker()
        broker.writeDownVersions(of: topic)
        // Out of the registry first: from here on no group takes the topic in. A refusal brings it back.
        broker.registry.remove(topic)
        let isQueued = collect(from: broker.coordinators[...], Collected()) { collected in
            queue(collected) { resolution in
                outcome.withLock { $0 = resolution }
                parker.unpark()
            }
        }
        guard isQueued else {
            broker.registry.add(topic)
            throw .storageRefused("the topic was not deleted: the broker stops, or groups are being read again")
        }
        var resolution: AppendResolution?
        while resolution == nil {
            parker.park()
            resolution = outcome.withLock { $0 }
        }
        if let error = resolution.flatMap({ BrokerError($0, targets: topic.partitions) }) {
            broker.registry.add(topic)
            throw error
        }
        broker.versionBases.retire(topic)
        topic.endTails(.moved)
        broker.logger.info("topic deleted", metadata: ["topic": "\(topic.name)", "id": "\(topic.id)"])
    }

    /// What the shards add to the request.
    private struct Collected {
        var appends: [PartitionAppend] = []
        var targets: [Partition] = []
        var bytes = 0
        var waiting: [(coordinator: GroupCoordinator, sequence: UInt64, fence: ShardFence)] = []
    }

    /// The most of tombstones that goes into the deletion's own frame: batches and headers come on top.
    private var tombstoneBytesMax: Int { broker.store.frameBytesMax.value / 2 }

    /// Applies the deletion in each shard, holding all their locks until `body` has queued the request.
    ///
    /// When a shard takes no commands, or the queue takes no requests, all shards are as they were, and the answer is
    /// false.
    private func collect(
        from coordinators: ArraySlice<GroupCoordinator>,
        _ collected: Collected,
        _ body: (Collected) -> Bool
    ) -> Bool {
        guard let coordinator = coordinators.first else { return body(collected) }
        return coordinator.state.withLock { state in
            guard case .ready = state.phase else { return false }
            let former = state
            var collected = collected
            let later = add(coordinator, &state, to: &collected)
            let isQueued = collect(from: coordinators.dropFirst(), collected, body)
            guard isQueued else {
                state = former
                return false
            }
            for outcome in later { coordinator.record(outcome, &state) }
            coordinator.setTimer(&state)
            return true
        }
    }

    /// Puts what fits into the deletion's request, the whole of a group or nothing of it; the rest is the answer.
    private func add(
        _ coordinator: GroupCoordinator,
        _ state: inout CoordinatorState,
        to collected: inout Collected
    ) -> [GroupOutcome] {
        var records: [GroupRecord] = []
        var effects = CoordinatorState.Effects(replies: [], events: [])
        var later: [GroupOutcome] = []
        for outcome in coordinator.outcomes(of: .topicDeleted(topic.name, topic.id), &state) {
            collected.bytes += outcome.records.reduce(0) { $0 + $1.key.count + ($1.value?.count ?? 0) }
            guard later.isEmpty, collected.bytes <= tombstoneBytesMax else {
                later.append(outcome)
                continue
            }
            records += outcome.records
            effects.replies += outcome.replies
            effects.events += outcome.events
        }
        if records.isEmpty, effects.events.isEmpty, effects.replies.isEmpty { return later }
        let sequence = state.ledger.add(effects, isDurable: false)
        collected.waiting.append((coordinator, sequence, coordinator.generation.fence()))
        guard !records.isEmpty else { return later }
        collected.appends.append(coordinator.encode(records))
        collected.targets.append(coordinator.partition)
        return later
    }

    private func queue(_ collected: Collected, _ done: @escaping @Sendable (AppendResolution) -> Void) -> Bool {
        let isSplit = PlantedFault.tombstonesInOtherFrame.isPlanted && !collected.appends.isEmpty
        if isSplit { queueAlone(collected) }
        let request = CommitRequest(appends: isSplit ? [] : collected.appends, deletedTopic: topic.id)
        let waiting = collected.waiting
        let queued = QueuedAppend(
            request: request,
            bytes: LogStore.entryBytes(request).value,
            targets: isSplit ? [] : collected.targets,
            fences: waiting.map(\.fence),
            isAlone: true,
            resolve: { resolution in
                for entry in waiting { entry.coordinator.appendResolved(entry.sequence, entry.fence, resolution) }
                done(resolution)
            }
        )
        return broker.queue.add(queued, isUrgent: true) != .closed
    }

    /// A planted fault: the tombstones go in a frame of their own, before the topic's deletion.
    private func queueAlone(_ collected: Collected) {
        let request = CommitRequest(appends: collected.appends)
        let bytes = LogStore.entryBytes(request).value
        let targets = collected.targets
        let queued = QueuedAppend(request: request, bytes: bytes, targets: targets, isAlone: true, resolve: { _ in })
        _ = broker.queue.add(queued, isUrgent: true)
    }
}
