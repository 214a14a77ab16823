import RecordFormat

/// All groups of one coordinator shard: a pure machine from commands and time to records, replies and events.
///
/// It knows no clock, no task and no file. The owner gives it one command at a time, in the order in which their records
/// are appended; `GroupOutcome` says what is to be done, and when. After a restart, or after a refused append, a new
/// shard is built by `replay` of every record in log order and `finishReplay`.
///
/// An apply costs at most a pass over the partitions of the groups it concerns; `delivered`, `commit` and `progress`
/// touch only the partitions that they name, unless one of them is free to move by it.
public struct GroupShard: Sendable {
    /// Timeouts and bounds.
    public let configuration: GroupConfiguration

    var table: [GroupName: ConsumerGroup] = [:]
    private var connections: [ConnectionID: Seat] = [:]
    private var replayed: [GroupName: ReplayedGroup] = [:]
    /// No group has to be woken before; after a `tick` it is exact.
    ///
    /// A tick that comes early costs a pass over the groups; an exact answer after every command would cost that pass
    /// each time.
    private var wakeBound: Int64?

    /// The member that a connection bears.
    private struct Seat: Sendable {
        let group: GroupName
        let member: MemberID
    }

    /// An empty shard.
    public init(configuration: GroupConfiguration) {
        self.configuration = configuration
    }

    /// Carries out one command: the state changes at once, and the outcome says what must become durable for it.
    public mutating func apply(_ command: GroupCommand, now: GroupNow) -> GroupOutcome {
        precondition(replayed.isEmpty, "finishReplay comes before the first command")
        switch command {
        case .join(let join): return self.join(join, now: now)
        case .reconnect(let reconnect): return self.reconnect(reconnect, now: now)
        case .disconnect(let connection): return disconnect(connection, now: now)
        case .leave(let leave):
            return inGroup(leave.group, leave.request) { $0.leave(leave, now: now, changes: &$1) }
        case .delivered(let delivery): return deliver(delivery, now: now)
        case .commit(let commit):
            return inGroup(commit.group, commit.request) { $0.commit(commit, now: now, changes: &$1) }
        case .progress(let request):
            return inGroup(request.group, request.request) { $0.progress(request, now: now, changes: &$1) }
        case .release(let request):
            return inGroup(request.group, request.request) { $0.release(request, now: now, changes: &$1) }
        case .startResolved(let starts):
            return inGroup(starts.group) { $0.startResolved(starts.offsets, now: now, changes: &$1) }
        case .topicChanged(let topic):
            return inGroups {
                $0.reads(topic.name)
            } do: {
                $0.topicChanged(topic, now: now, changes: &$1)
            }
        case .topicDeleted(let topic, let id):
            return inGroups {
                $0.reads(topic)
            } do: {
                $0.topicDeleted(topic, id, now: now, changes: &$1)
            }
        case .tick:
            defer { wakeBound = table.values.lazy.compactMap(\.wakeAt).min() }
            return inGroups {
                ($0.wakeAt ?? .max) <= now.monotonicMilliseconds
            } do: {
                $0.tick(now: now, changes: &$1)
            }
        }
    }

    private mutating func note(wakeAt: Int64?) {
        guard let wakeAt else { return }
        wakeBound = min(wakeBound ?? wakeAt, wakeAt)
    }

    /// The monotonic time at which `tick` is due at the latest, or `nil` if nothing is.
    ///
    /// Ask again after each command. A tick may find that nothing is due any more.
    public func nextDeadline() -> Int64? {
        wakeBound
    }

    // MARK: Recovery

    /// Takes in one record of the log; call it for every record, in log order, before the first command.
    ///
    /// Throws where the bytes are not a record that this version understands: the log is not to be served then.
    public mutating func replay(key: [UInt8], value: [UInt8]?, now: GroupNow) throws(GroupRecordError) {
        let key = try GroupRecordKey(decoding: key)
        try replayed[key.group, default: ReplayedGroup()].replay(key, value)
    }

    /// Ends recovery: every member is without a connection, its session timer starts now, moves that were under way go
    /// on, and starts that were never answered are asked for again.
    public mutating func finishReplay(now: GroupNow) -> GroupOutcome {
        for (name, group) in replayed {
            table[name] = group.restored(name: name, configuration: configuration, now: now)
        }
        replayed = [:]
        return inGroups { _ in
            true
        } do: {
            $0.askForStarts(&$1)
        }
    }

    /// Everything that is stored, one record a key: for a checkpoint of the log, and to compare with it.
    public func allRecords() -> [GroupRecord] {
        table.values.sorted { $0.name < $1.name }.flatMap { $0.allRecords() }
    }

    // MARK: Connections

    private mutating func join(_ join: GroupJoin, now: GroupNow) -> GroupOutcome {
        if let refusal = refusal(of: join) { return .refused(join.request, refusal) }
        expectFree(join.connection, for: join.member)
        if table[join.group] == nil {
            var group = ConsumerGroup(
                name: join.group,
                configuration: configuration,
                start: join.start,
                commitTimeout: join.commitTimeoutMilliseconds ?? configuration.commitTimeoutMilliseconds,
                topics: join.topics.map(\.name)
            )
            group.begin(with: join.topics)
            table[join.group] = group
        }
        return inGroup(join.group, join.request) { $0.join(join, now: now, changes: &$1) }
    }

    private mutating func reconnect(_ reconnect: GroupReconnect, now: GroupNow) -> GroupOutcome {
        expectFree(reconnect.connection, for: reconnect.member)
        return inGroup(reconnect.group, reconnect.request) { $0.reconnect(reconnect, now: now, changes: &$1) }
    }

    private func expectFree(_ connection: ConnectionID, for member: MemberID) {
        guard let seat = connections[connection] else { return }
        precondition(seat.member == member, "connection \(connection) bears \(seat.member) already, not \(member)")
    }

    private mutating func disconnect(_ connection: ConnectionID, now: GroupNow) -> GroupOutcome {
        guard let seat = connections.removeValue(forKey: connection) else { return GroupOutcome() }
        return inGroup(seat.group) { $0.disconnect(seat.member, now: now, changes: &$1) }
    }

    private mutating func deliver(_ delivery: GroupDelivery, now: GroupNow) -> GroupOutcome {
        var outcome = GroupOutcome()
        if let index = table.index(forKey: delivery.group) {
            outcome.isDeliveryAccepted = table.values[index].deliver(delivery, now: now)
            note(wakeAt: table.values[index].wakeAt)
        }
        return outcome
    }

    // MARK: Running a verb

    /// Runs a verb in one group and keeps the seats of connections in step.
    ///
    /// An unknown group refuses a request, and ignores what nobody waits for.
    private mutating func inGroup(
        _ name: GroupName,
        _ request: RequestID? = nil,
        _ verb: (inout ConsumerGroup, inout GroupChanges) -> Void
    ) -> GroupOutcome {
        guard let index = table.index(forKey: name) else {
            guard let request else { return GroupOutcome() }
            return .refused(request, .unknownGroup(name))
        }
        var changes = GroupChanges()
        verb(&table.values[index], &changes)
        for connection in changes.unbound {
            connections[connection] = nil
        }
        for (connection, member) in changes.bound {
            connections[connection] = Seat(group: name, member: member)
        }
        let outcome = table.values[index].outcome(of: changes)
        note(wakeAt: table.values[index].wakeAt)
        return outcome
    }

    private mutating func inGroups(
        where isConcerned: (ConsumerGroup) -> Bool,
        do verb: (inout ConsumerGroup, inout GroupChanges) -> Void
    ) -> GroupOutcome {
        var outcome = GroupOutcome()
        for name in table.values.lazy.filter(isConcerned).map(\.name).sorted() {
            outcome.append(inGroup(name, nil, verb))
        }
        return outcome
    }
}

extension GroupRecordKey {
    fileprivate var group: GroupName {
        switch self {
        case .offsetCommit(let group, _), .group(let group), .member(let group, _), .partition(let group, _): group
        }
    }
}

extension GroupOutcome {
    fileprivate static func refused(_ request: RequestID, _ refusal: GroupRefusal) -> GroupOutcome {
        var outcome = GroupOutcome()
        outcome.replies = [GroupReply(request: request, body: .refused(refusal))]
        return outcome
    }
}
