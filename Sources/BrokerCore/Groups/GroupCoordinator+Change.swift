import GroupCoordination
import RecordFormat
import SegmentStore
import Synchronization

extension GroupCoordinator {
    /// Runs a change under the shard's lock, sets the timer for the new deadline, and delivers what is ready.
    ///
    /// When the shard takes no commands `body` does not run, and `refused` is told why.
    func change(refused: ((BrokerError) -> Void)? = nil, _ body: (inout CoordinatorState) -> Void) {
        let refusal: BrokerError? = state.withLock { state in
            switch state.phase {
            case .ready:
                body(&state)
                if case .ready = state.phase { setTimer(&state) }
                return nil
            case .reloading:
                return .storageRefused("the group's state is being read again after a refused write; try again")
            case .closed(let error):
                return error
            }
        }
        if let refusal { refused?(refusal) }
        deliverReady()
        dismissIfClosed()
    }

    /// Ends a replay and takes commands from then on, all in one step: no command comes before the replay's end.
    func begin(_ prepare: (inout CoordinatorState) -> Void) {
        state.withLock { state in
            // A shard that was closed while it was read again stays closed.
            if case .closed = state.phase { return }
            prepare(&state)
            state.phase = .ready
            for outcome in state.shard.finishReplay(now: environment.groupNow) { record(outcome, &state) }
            adoptTopics(&state)
            if case .ready = state.phase { setTimer(&state) }
        }
        deliverReady()
        dismissIfClosed()
    }

    /// Tells the groups of the topics that they share as they are now: the news of a topic that was made anew may have come
    /// right before a crash, or while the shard was read again.
    private func adoptTopics(_ state: inout CoordinatorState) {
        let names = Set(state.shard.groups().flatMap(\.topics))
        for topic in names.compactMap(environment.registry.find) {
            perform(.topicChanged(topic.groupDescription), &state)
        }
    }

    /// Ends what groups know of topics that are gone: a deletion may have left it to frames that a crash has cut off.
    ///
    /// At the start only: later a topic may be missing whose deletion is still refused.
    func forgetGoneTopics() {
        change { state in
            for (name, id) in state.shard.knownTopics() where environment.registry.find(name)?.id != id {
                perform(.topicDeleted(name, id), &state)
            }
        }
    }

    /// Applies one command, resolves the starts that it asks for, and queues the records of each group as one request.
    func perform(_ command: GroupCommand, _ state: inout CoordinatorState) {
        for outcome in outcomes(of: command, &state) { record(outcome, &state) }
    }

    /// Applies one command and resolves the starts that it asks for, in the same breath: the log's ends are in memory.
    func outcomes(of command: GroupCommand, _ state: inout CoordinatorState) -> [GroupOutcome] {
        let outcomes = state.shard.apply(command, now: environment.groupNow)
        return outcomes.map { resolved($0, &state) }
    }

    /// Answers the starts that an outcome asks for, until it asks for none.
    private func resolved(_ outcome: GroupOutcome, _ state: inout CoordinatorState) -> GroupOutcome {
        var outcome = outcome
        while let request = outcome.resolveStart.popLast() {
            if case .time(let time) = request.position {
                resolveLater(request, time)
                continue
            }
            let resolution = resolve(request)
            // A reset is answered even if its partitions are gone.
            if resolution.offsets.isEmpty, resolution.reset == nil { continue }
            for more in state.shard.apply(.startResolved(resolution), now: environment.groupNow) {
                outcome.records += more.records
                outcome.replies += more.replies
                outcome.events += more.events
                outcome.resolveStart += more.resolveStart
            }
        }
        return outcome
    }

    /// Queues an outcome's records and enters its effects behind all earlier ones.
    func record(_ outcome: GroupOutcome, _ state: inout CoordinatorState) {
        let outcome = resolved(outcome, &state)
        if outcome.isEmpty { return }
        let effects = CoordinatorState.Effects(replies: outcome.replies, events: outcome.events)
        guard !outcome.records.isEmpty else {
            _ = state.ledger.add(effects, isDurable: true)
            return
        }
        let sequence = state.ledger.add(effects, isDurable: PlantedFault.eventBeforeDurable.isPlanted)
        let append = encode(outcome.records)
        let request = CommitRequest(appends: [append])
        let fence = generation.fence()
        let queued = QueuedAppend(
            request: request,
            bytes: LogStore.entryBytes(request).value,
            targets: [partition],
            fences: [fence],
            resolve: { self.appendResolved(sequence, fence, $0) }
        )
        // Admission was asked for at the door (`ask`); ticks and other changes of our own must not fail for want of room.
        if case .closed = environment.queue.add(queued, isUrgent: true) { close(&state) }
    }

    /// The records as batches for the shard's partition.
    func encode(_ records: [GroupRecord]) -> PartitionAppend {
        let batches = GroupRecordBatches.encode(records, at: environment.appendClock.now())
        return PartitionAppend(key: partition.key, batches: batches, expectedOffset: nil)
    }

    /// The queue is closed: the state is ahead of the log, and no more is told of it.
    private func close(_ state: inout CoordinatorState) {
        if let timer = state.timer { environment.clock.cancel(timer.token) }
        state.timer = nil
        state.phase = .closed(.draining)
    }

    /// Answers those whom a change has left behind that found the queue closed.
    private func dismissIfClosed() {
        let everybody: (CoordinatorState.Everybody, BrokerError)? = state.withLock { state in
            guard case .closed(let error) = state.phase else { return nil }
            return (state.takeEverybody(), error)
        }
        everybody.map { $0.tell($1, .drain) }
    }

    // MARK: Timer

    /// Sets the timer for the shard's next deadline; after every change of the shard.
    func setTimer(_ state: inout CoordinatorState) {
        let deadline = state.shard.nextDeadline()
        if deadline == state.timer?.deadline { return }
        if let timer = state.timer { environment.clock.cancel(timer.token) }
        state.timer = nil
        guard let deadline else { return }
        let token = environment.clock.schedule(at: MonotonicInstant(milliseconds: deadline)) { [weak self] in
            self?.tick(deadline)
        }
        state.timer = (deadline, token)
    }

    private func tick(_ deadline: Int64) {
        change { state in
            // The timer has run: another one is to be set even for the same moment.
            if state.timer?.deadline == deadline { state.timer = nil }
            perform(.tick, &state)
        }
    }
}
