import GroupCoordination
import RecordFormat
import SegmentStore
import Synchronization

/// The deletion of a topic: one request with the topic's id and the tombstones of all commits on it, so that a crash
/// leaves both or neither (rule 21 of the journal).
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
        topic.endTails(.moved)
        broker.logger.info("topic deleted", metadata: ["topic": "\(topic.name)", "id": "\(topic.id)"])
    }

    /// What the shards add to the request.
    private struct Collected {
        var appends: [PartitionAppend] = []
        var targets: [Partition] = []
        var waiting: [(coordinator: GroupCoordinator, sequence: UInt64, fence: ShardFence)] = []
    }

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
            add(coordinator, &state, to: &collected)
            let isQueued = collect(from: coordinators.dropFirst(), collected, body)
            if isQueued { coordinator.setTimer(&state) } else { state = former }
            return isQueued
        }
    }

    private func add(
        _ coordinator: GroupCoordinator,
        _ state: inout CoordinatorState,
        to collected: inout Collected
    ) {
        let outcome = coordinator.outcome(of: .topicDeleted(topic.name, topic.id), &state)
        if outcome.isEmpty { return }
        let effects = CoordinatorState.Effects(replies: outcome.replies, events: outcome.events)
        let sequence = state.ledger.add(effects, isDurable: false)
        collected.waiting.append((coordinator, sequence, coordinator.generation.fence()))
        guard !outcome.records.isEmpty else { return }
        collected.appends.append(coordinator.encode(outcome.records))
        collected.targets.append(coordinator.partition)
    }

    private func queue(_ collected: Collected, _ done: @escaping @Sendable (AppendResolution) -> Void) -> Bool {
        let request = CommitRequest(appends: collected.appends, deletedTopic: topic.id)
        let waiting = collected.waiting
        let queued = QueuedAppend(
            request: request,
            bytes: LogStore.entryBytes(request).value,
            targets: collected.targets,
            fences: waiting.map(\.fence),
            isAlone: true,
            resolve: { resolution in
                for entry in waiting { entry.coordinator.appendResolved(entry.sequence, entry.fence, resolution) }
                done(resolution)
            }
        )
        return broker.queue.add(queued, isUrgent: true) != .closed
    }
}
