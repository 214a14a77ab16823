import Collections
import GroupCoordination
import RecordFormat

/// Why the broker itself ends a session.
enum MemberEnding: Sendable {
    /// The broker goes away; its successor knows the member.
    case drain
    /// The shard is read again after a refused write.
    case reloaded
    /// The member does not take its events.
    case slow

    var event: GroupEvent {
        switch self {
        case .drain: .goodbye(reason: "drain", reconnect: true, retryAfterMilliseconds: 1000)
        case .reloaded: .goodbye(reason: "reloaded", reconnect: true, retryAfterMilliseconds: 500)
        case .slow: .goodbye(reason: "slow-consumer", reconnect: true, retryAfterMilliseconds: 1000)
        }
    }
}

/// A member's side of a group as a value: what it owns, what it was told, what it may be given next.
///
/// Events come in by `post`, questions by `step`. Control events go first, so that a partition is read only while the
/// member knows that it owns it, and not once it has been told to finish.
struct MemberMachine: Sendable {
    /// A partition that the member owns.
    struct Owned: Sendable {
        let partition: Partition
        let epoch: PartitionEpoch
        /// The next offset to deliver.
        var next: Offset
        /// The next offset that the member will read if it comes back: what was delivered from here on is in flight.
        var committed: Offset
        /// Delivery has ended, though the partition may still be committed.
        var isRevoking = false
        /// How often it could not be read, one time after the other, for a reason that may pass.
        fileprivate(set) var failures = 0
        /// It is left alone for a while after such a failure.
        fileprivate(set) var isSuspended = false
        /// What was delivered and not committed whole, in order.
        private var deliveries: Deque<Delivery> = []

        init(partition: Partition, epoch: PartitionEpoch, start: Offset) {
            self.partition = partition
            self.epoch = epoch
            next = start
            committed = start
        }

        /// What was delivered and not committed.
        var inFlight: DeliveryLoad { deliveries.reduce(.zero) { $0 + $1.uncommitted(after: committed) } }

        /// Notes records that were handed out.
        mutating func deliver(_ load: DeliveryLoad, to end: Offset) {
            // What was committed while it was on its way is not in flight.
            guard end > next else { return }
            let delivery = Delivery(start: next, next: end, load: load)
            next = end
            guard let last = deliveries.last, last.isDense, delivery.isDense, last.next == delivery.start else {
                return deliveries.append(delivery)
            }
            deliveries[deliveries.count - 1] = Delivery(start: last.start, next: end, load: last.load + load)
        }

        /// Notes a commit; what it covers is not delivered any more.
        mutating func commit(_ offset: Offset) {
            committed = max(committed, offset)
            next = max(next, committed)
            while let first = deliveries.first, first.next <= committed { deliveries.removeFirst() }
        }
        /// Whether there is a record to deliver.
        var isReadable: Bool { isAwaited && partition.visible > next }
        /// Whether records of it are to be delivered when there are any.
        var isAwaited: Bool { !isRevoking && !isSuspended }
    }

    /// Records that were handed out together; compaction may have left holes between them.
    private struct Delivery: Sendable {
        let start: Offset
        let next: Offset
        let load: DeliveryLoad

        var isDense: Bool { next - start == load.records }

        /// At most so much of it is not committed.
        func uncommitted(after committed: Offset) -> DeliveryLoad {
            let records = max(0, min(load.records, next - committed))
            guard records < load.records else { return load }
            return DeliveryLoad(records: records, bytes: load.bytes / load.records * records)
        }
    }

    /// What to do for the member.
    enum Step: Sendable {
        /// Tell it this.
        case event(GroupEvent)
        /// Read this partition, and deliver at most so much of it.
        case read(Owned, atMost: DeliveryLoad)
        /// Nothing: sleep until these grow or the mailbox has changed since `version`.
        case wait([Owned], version: UInt64)
    }

    private let maxInFlight: DeliveryLoad
    private let eventsMax: Int
    private var inbox: Deque<GroupCoordination.GroupEvent.Body> = []
    private var owned: OrderedDictionary<TopicPartition, Owned> = [:]
    /// Commits under epochs of which the member has not been told yet: a session may commit while it comes back.
    private var early: [TopicPartition: (epoch: PartitionEpoch, offset: Offset)] = [:]
    private var turn = 0
    private var isPaused = false
    private var ending: GroupEvent?
    private var isInterrupted = false
    /// Whether the session is over but for what is still to be told.
    private(set) var isEnding = false
    /// Changes with everything that may give a sleeper something to do.
    private(set) var version: UInt64 = 0

    init(maxInFlight: DeliveryLoad, eventsMax: Int) {
        self.maxInFlight = maxInFlight
        self.eventsMax = eventsMax
    }

    /// Takes an event of the coordinator.
    ///
    /// A member that lets too many pile up is sent away.
    mutating func post(_ body: GroupCoordination.GroupEvent.Body) {
        version += 1
        guard inbox.count < eventsMax else { return end(.slow) }
        if case .goodbye = body { isEnding = true }
        inbox.append(body)
    }

    /// Makes the next step say that there is nothing.
    mutating func interrupt() {
        version += 1
        isInterrupted = true
    }

    /// Ends the session from the broker's side, after what is in the inbox.
    mutating func end(_ reason: MemberEnding) {
        version += 1
        isEnding = true
        if ending == nil { ending = reason.event }
    }

    /// Decides what comes next.
    ///
    /// - Parameters:
    ///   - allowance: what the client takes now; without room, control events alone are given.
    ///   - find: gives the running partition of an assignment, if it is still there.
    mutating func step(
        allowance: DeliveryLoad,
        find: (GroupCoordination.AssignedPartition) -> Partition?
    ) -> Step {
        if isInterrupted {
            isInterrupted = false
            return .event(.idle)
        }
        while let body = inbox.popFirst() {
            if let event = apply(body, find) { return .event(event) }
        }
        if let ending { return .event(ending) }
        let inFlight = owned.values.reduce(.zero) { $0 + $1.inFlight }
        let room = maxInFlight - inFlight
        guard room.isPositive else {
            if isPaused { return .wait([], version: version) }
            isPaused = true
            return .event(.paused(uncommitted: inFlight.records, uncommittedBytes: inFlight.bytes))
        }
        if isPaused {
            isPaused = false
            return .event(.resumed)
        }
        guard allowance.isPositive else { return .wait([], version: version) }
        if let next = nextReadable() { return .read(next, atMost: room.limited(by: allowance)) }
        return .wait(owned.values.filter(\.isAwaited), version: version)
    }

    /// Notes that records up to `next` were handed out.
    mutating func delivered(_ read: Owned, _ load: DeliveryLoad, next: Offset) {
        update(read) {
            $0.failures = 0
            $0.deliver(load, to: next)
        }
    }

    /// Notes that nothing is left before `offset`: retention or compaction has removed it, and nothing of it is in flight.
    mutating func skipped(_ read: Owned, to offset: Offset) {
        update(read) { $0.next = max($0.next, offset) }
    }

    /// Stops reading a partition: it is gone, damaged, or no longer the member's, of which an event will tell.
    mutating func abandon(_ read: Owned) {
        update(read) { $0.isRevoking = true }
    }

    /// Leaves a partition alone that could not be read for a reason that may pass; the number of such failures in a row.
    mutating func suspend(_ read: Owned) -> Int {
        update(read) {
            $0.failures += 1
            $0.isSuspended = true
        }
        return owned[read.partition.identity]?.failures ?? 1
    }

    /// Lets a partition be read again.
    mutating func resume(_ read: Owned) {
        version += 1
        update(read) { $0.isSuspended = false }
    }

    /// The next offset to deliver of what is being read: commits may have moved it; nil where it is another's by now.
    func next(of read: Owned) -> Offset? {
        let current = owned[read.partition.identity]
        return current?.epoch == read.epoch ? current?.next : nil
    }

    /// Notes a commit in force, under the epoch that it was made for.
    mutating func committed(_ partition: TopicPartition, _ offset: Offset, epoch: PartitionEpoch) {
        version += 1
        guard let current = owned[partition], current.epoch >= epoch else {
            early[partition] = (epoch, offset)
            return
        }
        if current.epoch == epoch { owned[partition]?.commit(offset) }
    }

    private mutating func update(_ read: Owned, _ change: (inout Owned) -> Void) {
        let name = read.partition.identity
        guard var current = owned[name], current.epoch == read.epoch else { return }
        change(&current)
        owned[name] = current
    }

    /// The first readable partition from the turn on; the turn moves past it.
    private mutating func nextReadable() -> Owned? {
        let count = owned.count
        for step in 0..<count {
            let index = (turn + step) % count
            let candidate = owned.elements[index].value
            if candidate.isReadable {
                turn = (index + 1) % count
                return candidate
            }
        }
        return nil
    }
}

extension MemberMachine {
    /// Makes an event true for the member, and says how it is told.
    fileprivate mutating func apply(
        _ body: GroupCoordination.GroupEvent.Body,
        _ find: (GroupCoordination.AssignedPartition) -> Partition?
    ) -> GroupEvent? {
        switch body {
        case .assigned(let groupEpoch, let partitions):
            for assigned in partitions { add(assigned, find) }
            owned.sort { $0.key < $1.key }
            return .assigned(groupEpoch: groupEpoch.value, partitions: ownedNow)
        case .revoking(let partitions, let deadline):
            for lost in partitions where owned[lost.partition]?.epoch == lost.epoch {
                owned[lost.partition]?.isRevoking = true
            }
            return .revoking(partitions: partitions.map(\.partition), deadlineMilliseconds: deadline)
        case .revoked(let partitions):
            return .revoked(partitions: partitions.map { remove($0) })
        case .leaseWarning(let partitions, let deadline):
            return .leaseWarning(partitions: partitions.map(\.partition), remainingMilliseconds: deadline)
        case .goodbye(let reason, let reconnect):
            inbox = []
            let goodbye = GroupEvent.goodbye(
                reason: Self.text(reason),
                reconnect: reconnect,
                retryAfterMilliseconds: reconnect ? 1000 : 0
            )
            ending = goodbye
            return goodbye
        }
    }

    private mutating func add(
        _ assigned: GroupCoordination.AssignedPartition,
        _ find: (GroupCoordination.AssignedPartition) -> Partition?
    ) {
        // A partition that is gone again already is followed by its `revoked`.
        guard let partition = find(assigned) else { return }
        // What lies below the log start is told as a gap by the first read.
        owned[assigned.partition] = Owned(
            partition: partition,
            epoch: assigned.epoch,
            start: assigned.start
        )
        guard let commit = early[assigned.partition], commit.epoch <= assigned.epoch else { return }
        early[assigned.partition] = nil
        if commit.epoch == assigned.epoch { owned[assigned.partition]?.commit(commit.offset) }
    }

    private mutating func remove(
        _ lost: RevokedPartition
    ) -> (partition: TopicPartition, committed: Offset, reason: String) {
        var committed = lost.committed
        if let former = owned[lost.partition], former.epoch == lost.epoch {
            committed = committed ?? former.committed
            owned.removeValue(forKey: lost.partition)
        }
        return (lost.partition, committed ?? .zero, Self.text(lost.reason))
    }

    /// What the member was told that it owns, but for what it is to finish.
    var ownedNow: [AssignedPartition] {
        owned.values.filter { !$0.isRevoking }.map {
            AssignedPartition(partition: $0.partition.identity, epoch: $0.epoch.value, start: $0.next)
        }
    }

    private static func text(_ reason: RevokedReason) -> String {
        switch reason {
        case .rebalanced: "rebalanced"
        case .released: "released"
        case .commitTimeout: "commit-timeout"
        case .topicDeleted: "topic-deleted"
        case .topicDropped: "topic-dropped"
        case .reset: "reset"
        }
    }

    private static func text(_ reason: GoodbyeReason) -> String {
        switch reason {
        case .fenced: "fenced"
        case .left: "left"
        case .topicDeleted: "topic-deleted"
        case .groupDeleted: "group-deleted"
        case .sessionTimedOut: "session-timed-out"
        }
    }
}
