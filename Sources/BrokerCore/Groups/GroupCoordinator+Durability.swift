import GroupCoordination
import RecordFormat
import Synchronization

extension GroupCoordinator {
    /// Gives out, in order, all effects that are durable.
    ///
    /// One thread at a time delivers; others leave theirs to it.
    func deliverReady() {
        var deliveries = state.withLock { state in
            state.ledger.beginDelivery().map { state.address($0) }
        }
        while let batch = deliveries {
            for delivery in batch { delivery.run() }
            deliveries = state.withLock { state in
                state.ledger.continueDelivery().map { state.address($0) }
            }
        }
    }

    /// The journal's answer to the records of one outcome.
    func appendResolved(_ sequence: UInt64, _ fence: ShardFence, _ resolution: AppendResolution) {
        guard case .stored = resolution else {
            loseShard(fence, resolution)
            return
        }
        state.withLock { $0.ledger.markDurable(sequence) }
        deliverReady()
    }

    /// An append was refused: the state is ahead of the log.
    ///
    /// Everybody starts over, and the shard is read again.
    ///
    /// The generation is raised on the journal's thread, before it takes the next round: of the items queued behind none
    /// is written any more, so that the log stands still while it is read.
    func loseShard(_ fence: ShardFence, _ resolution: AppendResolution) {
        let error = BrokerError(resolution, targets: [partition]) ?? .storageRefused("the write was refused")
        let lost: (everybody: CoordinatorState.Everybody, isFinal: Bool)? = state.withLock { state in
            guard fence.isCurrent else { return nil }
            generation.raise()
            let isFinal =
                switch resolution {
                case .notWritten, .outcomeUnknown: true
                case .stored, .duplicate, .refused, .superseded: false
                }
            state.phase = isFinal ? .closed(error) : .reloading
            if let timer = state.timer { environment.clock.cancel(timer.token) }
            state.timer = nil
            return (state.takeEverybody(), isFinal)
        }
        guard let lost else { return }
        lost.everybody.tell(error, .reloaded)
        guard !lost.isFinal else { return }
        environment.report("the groups of shard \(index) are read again: an append of theirs was refused (\(error))")
        environment.pool.submit { self.reload() }
    }

    /// Reads the shard from its log again.
    ///
    /// Blocks; commands are refused meanwhile.
    private func reload() {
        do {
            let shard = try GroupShardLoader.load(partition, environment.configuration, at: environment.groupNow)
            begin { $0.shard = shard }
        } catch {
            // What was readable at the start is not any more: the groups cannot go on, and the start will say why.
            environment.failure.fail(error.description)
        }
    }
}

extension GroupCoordinator {
    /// Tells all members to go and come back; nobody is removed, so that whoever reconnects keeps what he had.
    func drain() {
        let mailboxes = state.withLock { state in
            state.isDraining = true
            return Array(state.mailboxes.values)
        }
        for mailbox in mailboxes { mailbox.end(.drain) }
    }

    /// Takes no more commands and forgets its timer.
    ///
    /// After the append queue has run dry: nothing is in flight.
    func stop() {
        let everybody = state.withLock { state in
            if let timer = state.timer { environment.clock.cancel(timer.token) }
            state.timer = nil
            state.phase = .closed(.draining)
            return state.takeEverybody()
        }
        everybody.tell(.draining, .drain)
    }

    /// A session's connection has ended.
    ///
    /// While the broker drains the member stays, as at a restart.
    ///
    /// With `leave`, the farewell is said only if the member's connection is still this one: another connection that has
    /// resumed the session must not lose it to the former one's end.
    func forget(_ mailbox: MemberMailbox, _ farewell: [GroupCommand], ifHeldBy leave: GroupLeave? = nil) {
        change { state in
            state.mailboxes[mailbox.connection] = nil
            for (member, other) in state.mailboxOfMember where other === mailbox {
                state.mailboxOfMember[member] = nil
            }
            if state.isDraining { return }
            if let leave {
                let members = state.shard.describe(leave.group)?.members
                let holder = members?.first { $0.id == leave.member }?.connection
                guard holder == mailbox.connection else { return }
            }
            for command in farewell { perform(command, &state) }
        }
    }
}
