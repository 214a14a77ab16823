import GroupCoordination
import RecordFormat
import Synchronization

/// A member's live connection: gives out control events and records, and takes its leave once.
///
/// It is an asynchronous shell around `MemberMachine`, which its mailbox guards: step, do what it says, tell it.
final class GroupMemberSession: GroupSession {
    /// What a session needs of the broker.
    struct Environment: Sendable {
        let registry: TopicRegistry
        let coordinator: GroupCoordinator
        let pool: BlockingPool
        let clock: any MonotonicClock
        let bytesPerStep: Int
        /// Told of partitions that cannot be read.
        let report: @Sendable (String) -> Void
    }

    /// What was agreed at the join.
    let joined: JoinedMember
    /// Where the coordinator leaves what the member is to be told.
    let mailbox: MemberMailbox
    private let environment: Environment
    /// What was read and could not be delivered whole: the rest of one read, so that it is not read again.
    private let leftover = Mutex<(owned: MemberMachine.Owned, outcome: PartitionReader.Outcome)?>(nil)

    init(_ joined: JoinedMember, mailbox: MemberMailbox, environment: Environment) {
        self.joined = joined
        self.mailbox = mailbox
        self.environment = environment
    }

    /// The member's id in the group.
    var member: String { joined.member.value }
    /// The group's epoch when the session was opened.
    var groupEpoch: Int64 { joined.groupEpoch.value }

    /// The next thing to tell the member: control events first, then records, until the deadline (`idle`).
    func next(deadline: MonotonicInstant?, allowance: DeliveryAllowance) async -> GroupEvent {
        let allowed = DeliveryLoad(records: allowance.records, bytes: allowance.bytes)
        while true {
            switch mailbox.step(allowance: allowed, find: { self.find($0) }) {
            case .event(let event):
                return event
            case .read(let owned, let load):
                if let event = await read(owned, atMost: load) { return event }
            case .wait(let tails, let version):
                if let event = await sleep(tails, version, deadline) { return event }
            }
        }
    }

    /// Ends the session.
    ///
    /// The member stays while the broker drains, and where another connection has taken its place.
    func close(_ reason: GroupCloseReason) async {
        guard mailbox.close() else { return }
        let disconnect = GroupCommand.disconnect(mailbox.connection)
        switch reason {
        case .disconnected:
            environment.coordinator.forget(mailbox, [disconnect])
        case .leave:
            let leave = GroupLeave(
                request: RequestID.next(),
                group: joined.group,
                member: joined.member
            )
            environment.coordinator.forget(mailbox, [.leave(leave), disconnect], ifHeldBy: leave)
        }
    }

    private func find(_ assigned: GroupCoordination.AssignedPartition) -> Partition? {
        guard let topic = environment.registry.find(assigned.partition.topic), topic.groupID == assigned.topicID else {
            return nil
        }
        return try? topic.partition(assigned.partition.partition)
    }

    /// Sleeps until a tail or the mailbox moves; an event when the deadline or a drain ends the sleep.
    private func sleep(
        _ tails: [MemberMachine.Owned],
        _ version: UInt64,
        _ deadline: MonotonicInstant?
    ) async -> GroupEvent? {
        let waiter = Waiter()
        guard mailbox.register(waiter, version: version) else { return nil }
        var entered = 0
        defer {
            mailbox.removeWaiter()
            for owned in tails.prefix(entered) { owned.partition.tail.remove(waiter) }
        }
        for owned in tails {
            if let reason = owned.partition.tail.register(waiter, past: owned.next) {
                return wake(reason, owned)
            }
            entered += 1
        }
        switch await waiter.sleep(until: deadline, on: environment.clock) {
        case .timedOut, .cancelled: return .idle
        case .draining: mailbox.end(.drain)
        case .moved: break
        }
        return nil
    }

    /// A tail that cannot be waited for has moved, or has ended because its topic is gone or the broker drains.
    private func wake(_ reason: WakeReason, _ owned: MemberMachine.Owned) -> GroupEvent? {
        if reason == .draining { mailbox.end(.drain) }
        if reason == .moved, owned.partition.visible <= owned.next { mailbox.update { $0.abandon(owned) } }
        return nil
    }
}

extension GroupMemberSession {
    /// Reads a partition and asks the coordinator whether the records may still be given to this member.
    private func read(_ owned: MemberMachine.Owned, atMost load: DeliveryLoad) async -> GroupEvent? {
        let outcome: PartitionReader.Outcome
        do {
            outcome = try await fetch(owned)
        } catch  where error.mayPass {
            retryLater(owned, error)
            return nil
        } catch {
            environment.report("group \(joined.group) is not given \(owned.partition.identity): \(error)")
            mailbox.update { $0.abandon(owned) }
            return .unreadable(owned.partition.identity, error)
        }
        if let gap = outcome.gap {
            mailbox.update { $0.skipped(owned, to: gap.to) }
            keep(outcome.withoutGap, owned)
            return .gap(gap)
        }
        guard !outcome.batches.isEmpty else {
            // Compaction has left nothing up to the end.
            mailbox.update { $0.skipped(owned, to: outcome.next) }
            return nil
        }
        // While it was read, another connection may have committed some of it.
        guard let next = mailbox.next(of: owned), next < outcome.next else { return nil }
        return deliver(outcome.dropping(before: next), owned, load)
    }

    /// Leaves a partition alone for a while that could not be read for a reason that may pass: the member keeps it.
    private func retryLater(_ owned: MemberMachine.Owned, _ error: BrokerError) {
        let failures = mailbox.suspend(owned)
        let seconds = min(1 << min(failures - 1, 5), Self.retrySecondsMax)
        environment.report(
            "group \(joined.group) is given \(owned.partition.identity) \(seconds) s later, since it cannot be read: \(error)"
        )
        let mailbox = mailbox
        let due = environment.clock.now.advanced(byMilliseconds: Int64(seconds) * 1000)
        _ = environment.clock.schedule(at: due) { mailbox.resume(owned) }
    }

    /// The longest time for which a partition is left alone that could not be read.
    private static let retrySecondsMax = 30

    private func deliver(
        _ outcome: PartitionReader.Outcome,
        _ owned: MemberMachine.Owned,
        _ atMost: DeliveryLoad
    ) -> GroupEvent? {
        let (now, load, rest) = outcome.split(atMost: atMost)
        let delivery = GroupDelivery(
            group: joined.group,
            member: joined.member,
            partition: owned.partition.identity,
            epoch: owned.epoch,
            next: now.next
        )
        // Asked before the records go out: the shard may have revoked the partition while it was read.
        guard environment.coordinator.deliver(delivery, to: mailbox) else {
            mailbox.update { $0.abandon(owned) }
            return nil
        }
        mailbox.update { $0.delivered(owned, load, next: now.next) }
        if let rest { keep(rest, owned) }
        let slice = ReadResult.Slice(
            position: 0,
            partition: owned.partition.identity,
            start: now.start,
            batches: now.batches,
            next: now.next
        )
        return .records(slice, epoch: owned.epoch.value)
    }

    /// The rest of the read before, where it is what comes next; otherwise a new read on the pool.
    private func fetch(_ owned: MemberMachine.Owned) async throws(BrokerError) -> PartitionReader.Outcome {
        let rest = leftover.withLock { leftover in
            defer { leftover = nil }
            return leftover
        }
        if let rest, rest.owned.epoch == owned.epoch, rest.owned.partition === owned.partition,
            rest.outcome.start == owned.next, !rest.outcome.batches.isEmpty
        {
            return rest.outcome
        }
        let bytesMax = environment.bytesPerStep
        return try await environment.pool.run { () throws(BrokerError) -> PartitionReader.Outcome in
            try PartitionReader.read(owned.partition, from: owned.next, bytesMax: bytesMax)
        }
    }

    private func keep(_ outcome: PartitionReader.Outcome, _ owned: MemberMachine.Owned) {
        leftover.withLock { $0 = (owned, outcome) }
    }
}

extension RequestID {
    private static let last = Atomic<UInt64>(0)

    /// A number that no other request of this process has.
    static func next() -> RequestID {
        RequestID(last.add(1, ordering: .relaxed).newValue)
    }
}

extension ConnectionID {
    private static let last = Atomic<UInt64>(0)

    /// A number that no other connection of this process has.
    static func next() -> ConnectionID {
        ConnectionID(last.add(1, ordering: .relaxed).newValue)
    }
}
