import Synchronization

/// A member of a consumer group: records come to it, and it commits what was processed.
///
/// ```swift
/// let options = GroupJoinOptions(group: "billing", topics: ["orders"])
/// try await client.withGroupMember(options) { member in
///     for try await record in member.records {
///         try await charge(record.value(as: Order.self))
///         member.processed(record)
///     }
/// }
/// ```
///
/// It reconnects by itself with growing, jittered delays, resumes its session, and leaves out what the broker sends again
/// although it was taken here. Delivery is at least once: after a crash the records that were taken and not committed come
/// again, to this group's next owner of the partition.
///
/// Each partition's records come in their order. Use either ``records``, or ``process(parallel:batchMax:_:)`` for work on
/// several partitions at once; not both at the same time. All methods may be called from any task.
public final class GroupMember: Sendable {
    struct State {
        var ledger = MemberLedger()
        var membership: GroupMembership?
        var connection = ConnectionState.connecting
        var observers: [Int: AsyncStream<ConnectionState>.Continuation] = [:]
        var observerNumber = 0
        /// Nothing more is handed out.
        var isStopped = false
        /// Why the membership has ended, once it has.
        var end: MillraceError?
    }

    /// How it joined.
    public let options: GroupJoinOptions
    /// How it works.
    public let settings: MemberSettings
    let client: MillraceClient
    let state = Mutex(State())
    /// Something may be there to be taken, or nothing ever will be again.
    let arrived = Signal()
    /// Some of what waited was taken.
    let room = Signal()
    /// Something is to be committed.
    let dirty = Signal()
    /// It is to be committed now.
    let urgent = Signal()
    /// A lease runs out.
    let warned = Signal()

    init(client: MillraceClient, options: GroupJoinOptions, settings: MemberSettings) {
        self.client = client
        self.options = options
        self.settings = settings
    }

    // MARK: Looking at it

    /// Who it is in its group, once it has joined.
    public var membership: GroupMembership? { state.withLock { $0.membership } }

    /// The partitions that it owns now.
    public var assignment: [GroupPartition] { state.withLock { $0.ledger.assignment } }

    /// Whether it is in its group, and everything that came was taken, processed and committed.
    public var isSettled: Bool { state.withLock { $0.membership != nil && $0.ledger.isSettled } }

    /// Where its connection stands now.
    public var connection: ConnectionState { state.withLock { $0.connection } }

    /// Where its connection stands, now and after each change; it ends with the membership.
    ///
    /// A slow observer misses states between the latest ones, never the latest.
    public func connectionStates() -> AsyncStream<ConnectionState> {
        let (states, observer) = AsyncStream.makeStream(of: ConnectionState.self, bufferingPolicy: .bufferingNewest(16))
        let (number, current) = state.withLock { state in
            state.observerNumber += 1
            state.observers[state.observerNumber] = observer
            return (state.observerNumber, state.connection)
        }
        observer.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.observers.removeValue(forKey: number) }
        }
        observer.yield(current)
        if case .ended = current { observer.finish() }
        return states
    }

    // MARK: Taking

    /// The records as they come, one after the other, partitions in turn; it ends after ``stop()``.
    ///
    /// Taking a record commits nothing: call ``processed(_:)`` or ``commit(_:)`` when it is done with.
    public var records: GroupRecords { GroupRecords(member: self) }

    /// Whether a record's partition is this member's still, and not about to be given up.
    ///
    /// Work on a record that is not current any more may be in vain: another member may be given it as well.
    public func isCurrent(_ record: GroupRecord) -> Bool { state.withLock { $0.ledger.isCurrent(record) } }

    /// Hands out nothing more: ``records`` ends, ``process(parallel:batchMax:_:)`` returns when what runs has ended.
    ///
    /// The member stays in its group until `withGroupMember` returns, so that what was taken can be committed.
    public func stop() {
        state.withLock { $0.isStopped = true }
        arrived.close()
        room.close()
    }

    /// Takes records of one partition, waiting for them.
    ///
    /// - Returns: nil after `stop`.
    /// - Throws: why the membership has ended, or `cancelled`.
    func take(max: Int, holding: Bool) async throws(MillraceError) -> MemberLedger.Batch? {
        while true {
            let (batch, isStopped, end) = state.withLock { state in
                let batch = state.isStopped || state.end != nil ? nil : state.ledger.take(max: max, holding: holding)
                return (batch, state.isStopped, state.end)
            }
            if let batch {
                room.set()
                return batch
            }
            if isStopped { return nil }
            if let end { throw end }
            if Task.isCancelled { throw .cancelled }
            await arrived.wait()
        }
    }

    /// A batch that was held is done with: the partition's next records may be taken.
    func finish(_ batch: MemberLedger.Batch) {
        state.withLock { $0.ledger.finish(batch) }
        arrived.set()
    }

    /// Changes the connection's state and tells the observers.
    func enter(_ connection: ConnectionState) {
        let observers = state.withLock { state in
            state.connection = connection
            return Array(state.observers.values)
        }
        for observer in observers {
            observer.yield(connection)
            if case .ended = connection { observer.finish() }
        }
    }
}

/// The records that come to a member; one iteration at a time.
public struct GroupRecords: AsyncSequence, Sendable {
    /// What an iteration brings.
    public typealias Element = GroupRecord

    let member: GroupMember

    /// Begins where the former iteration ended.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(member: member) }

    /// Brings the records one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let member: GroupMember

        /// The next record, or nil after ``GroupMember/stop()``.
        /// - Throws: `MillraceError` when the membership has ended: joining was refused, or coming back makes no sense.
        public mutating func next() async throws -> GroupRecord? {
            try await member.take(max: 1, holding: false)?.records.first
        }
    }
}
