import GroupCoordination
import RecordFormat
import Synchronization

/// Where a coordinator leaves what a member is to be told, and what the member's session decides by.
///
/// Concurrency: the lock is a leaf. A sleeping session is woken outside of it; `register` compares the version under the
/// lock, so that what changed since the last step is never slept over.
final class MemberMailbox: Sendable {
    private struct State {
        var machine: MemberMachine
        var sleeper: Waiter?
        var isClosed = false
    }

    /// The connection that the coordinator addresses.
    let connection: ConnectionID
    private let state: Mutex<State>
    /// Told once, outside of the lock, that the session is over but for what is still to be told.
    private let onEnding: (@Sendable (MemberMailbox) -> Void)?

    init(
        connection: ConnectionID,
        maxInFlight: DeliveryLoad,
        eventsMax: Int = 1024,
        onEnding: (@Sendable (MemberMailbox) -> Void)? = nil
    ) {
        self.connection = connection
        self.onEnding = onEnding
        state = Mutex(State(machine: MemberMachine(maxInFlight: maxInFlight, eventsMax: eventsMax)))
    }

    /// Takes an event of the coordinator.
    func post(_ body: GroupCoordination.GroupEvent.Body) {
        change { $0.post(body) }
    }

    /// Ends the session from the broker's side.
    func end(_ reason: MemberEnding) {
        change { $0.end(reason) }
    }

    /// Notes a commit in force.
    func committed(_ partition: TopicPartition, _ offset: Offset, epoch: PartitionEpoch) {
        change { $0.committed(partition, offset, epoch: epoch) }
    }

    /// Lets a partition be read again, and wakes the session for it.
    func resume(_ read: MemberMachine.Owned) {
        change { $0.resume(read) }
    }

    /// Leaves a partition alone until it is resumed; the number of failures in a row.
    func suspend(_ read: MemberMachine.Owned) -> Int {
        state.withLock { $0.machine.suspend(read) }
    }

    /// The next offset to deliver of what is being read; nil where it is another's by now.
    func next(of read: MemberMachine.Owned) -> Offset? {
        state.withLock { $0.machine.next(of: read) }
    }

    /// Wakes the session, which says that there is nothing.
    func interrupt() {
        change { $0.interrupt() }
    }

    /// Whether the session is over but for what is still to be told.
    var isEnding: Bool { state.withLock { $0.machine.isEnding } }

    /// What the member was told that it owns.
    var owned: [AssignedPartition] { state.withLock { $0.machine.ownedNow } }

    /// What to do for the member now.
    func step(
        allowance: DeliveryLoad,
        find: (GroupCoordination.AssignedPartition) -> Partition?
    ) -> MemberMachine.Step {
        state.withLock { $0.machine.step(allowance: allowance, find: find) }
    }

    /// Changes what the session itself knows, without waking it.
    func update(_ body: (inout MemberMachine) -> Void) {
        state.withLock { body(&$0.machine) }
    }

    /// Enters the session's waiter, unless something has changed since `version`.
    func register(_ waiter: Waiter, version: UInt64) -> Bool {
        state.withLock { state in
            guard state.machine.version == version else { return false }
            state.sleeper = waiter
            return true
        }
    }

    /// Forgets the session's waiter.
    func removeWaiter() {
        state.withLock { $0.sleeper = nil }
    }

    /// True for the first call only.
    func close() -> Bool {
        state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
    }

    private func change(_ body: (inout MemberMachine) -> Void) {
        let (sleeper, hasEnded): (Waiter?, Bool) = state.withLock { state in
            let wasEnding = state.machine.isEnding
            body(&state.machine)
            defer { state.sleeper = nil }
            return (state.sleeper, !wasEnding && state.machine.isEnding)
        }
        sleeper?.fire(.moved)
        if hasEnded { onEnding?(self) }
    }
}
