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

    /// Carries out one command: the state changes at once, and each outcome says what must become durable for one group.
    ///
    /// A command that names a group has one outcome, perhaps an empty one. `tick` and news of topics have one for each
    /// group that they touched, in the order of the groups' names, so that what is appended as a unit is bounded by what
    /// one group may have.
    public mutating func apply(_ command: GroupCommand, now: GroupNow) -> [GroupOutcome] {
        precondition(replayed.isEmpty, "finishReplay comes before the first command")
        switch command {
        case .topicChanged(let topic):
            return inGroups(now) {
                $0.knows(topic.name)
            } do: {
                $0.topicChanged(topic, now: now, changes: &$1)
            }
        case .topicDeleted(let topic, let id):
            return inGroups(now) {
                $0.knows(topic)
            } do: {
                $0.topicDeleted(topic, id, now: now, changes: &$1)
            }
        case .tick:
            defer { wakeBound = table.values.lazy.compactMap(\.wakeAt).min() }
            return inGroups(now) {
                ($0.wakeAt ?? .max) <= now.monotonicMilliseconds
            } do: {
                $0.tick(now: now, changes: &$1)
            }
        default:
            return [outcome(of: command, now)]
        }
    }

    /// Carries out a command that names a group.
    private mutating func outcome(of command: GroupCommand, _ now: GroupNow) -> GroupOutcome {
        switch command {
        case .join(let join): return self.join(join, now: now)
        case .reconnect(let reconnect): return self.reconnect(reconnect, now: now)
        case .disconnect(let connection): return disconnect(connection, now: now)
        case .delivered(let delivery): return deliver(delivery, now: now)
        case .configure(let configure): return self.configure(configure, now: now)
        case .heartbeat(let heartbeat):
            return inGroup(heartbeat.group, heartbeat.request, now) { $0.heartbeat(heartbeat, now: now, changes: &$1) }
        case .leave(let leave):
            return inGroup(leave.group, leave.request, now) { $0.leave(leave, now: now, changes: &$1) }
        case .commit(let commit):
            return inGroup(commit.group, commit.request, now) { $0.commit(commit, now: now, changes: &$1) }
        case .progress(let request):
            return inGroup(request.group, request.request, now) { $0.progress(request, now: now, changes: &$1) }
        case .release(let request):
            return inGroup(request.group, request.request, now) { $0.release(request, now: now, changes: &$1) }
        case .reset(let reset):
            return inGroup(reset.group, reset.request, now) { $0.reset(reset, changes: &$1) }
        case .delete(let delete):
            return inGroup(delete.group, delete.request, now) { $0.delete(delete, changes: &$1) }
        case .startResolved(let starts):
            return inGroup(starts.group, nil, now) { group, changes in
                if let reset = starts.reset {
                    group.resetResolved(reset, starts.offsets, now: now, changes: &changes)
                } else {
                    group.startResolved(starts.offsets, now: now, changes: &changes)
                }
            }
        case .topicChanged, .topicDeleted, .tick:
            preconditionFailure("\(command) is about all groups")
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
    ///
    /// One outcome for each group to which something happens.
    public mutating func finishReplay(now: GroupNow) -> [GroupOutcome] {
        for (name, group) in replayed {
            table[name] = group.restored(name: name, configuration: configuration, now: now)
        }
        replayed = [:]
        return inGroups(now) { _ in
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
            var rules = GroupRules(configuration, start: join.start)
            rules.commitTimeout = join.commitTimeoutMilliseconds ?? rules.commitTimeout
            create(join.group, rules, join.topics)
        }
        return inGroup(join.group, join.request, now) { $0.join(join, now: now, changes: &$1) }
    }

    private mutating func configure(_ configure: GroupConfigure, now: GroupNow) -> GroupOutcome {
        if let refusal = refusal(of: configure) { return .refused(configure.request, refusal) }
        let isNew = table[configure.group] == nil
        if isNew {
            var rules = GroupRules(configuration)
            rules.apply(configure)
            create(configure.group, rules, configure.topics ?? [])
        }
        return inGroup(configure.group, configure.request, now) { group, changes in
            switch configure.mode {
            case .create: group.created(configure, isNew: isNew, now: now, changes: &changes)
            case .change: group.configure(configure, now: now, changes: &changes)
            }
        }
    }

    private mutating func create(_ name: GroupName, _ rules: GroupRules, _ topics: [GroupTopicDescription]) {
        var group = ConsumerGroup(
            name: name,
            configuration: configuration,
            rules: rules,
            topics: topics.map(\.name)
        )
        group.begin(with: topics)
        table[name] = group
    }

    private mutating func reconnect(_ reconnect: GroupReconnect, now: GroupNow) -> GroupOutcome {
        expectFree(reconnect.connection, for: reconnect.member)
        return inGroup(reconnect.group, reconnect.request, now) { $0.reconnect(reconnect, now: now, changes: &$1) }
    }

    private func expectFree(_ connection: ConnectionID, for member: MemberID) {
        guard let seat = connections[connection] else { return }
        precondition(seat.member == member, "connection \(connection) bears \(seat.member) already, not \(member)")
    }

    private mutating func disconnect(_ connection: ConnectionID, now: GroupNow) -> GroupOutcome {
        guard let seat = connections.removeValue(forKey: connection) else { return GroupOutcome() }
        return inGroup(seat.group, nil, now) { $0.disconnect(seat.member, now: now, changes: &$1) }
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
        _ request: RequestID?,
        _ now: GroupNow,
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
        let outcome = table.values[index].outcome(of: changes, now: now)
        note(wakeAt: table.values[index].wakeAt)
        if changes.isEnded { table.remove(at: index) }
        return outcome
    }

    private mutating func inGroups(
        _ now: GroupNow,
        where isConcerned: (ConsumerGroup) -> Bool,
        do verb: (inout ConsumerGroup, inout GroupChanges) -> Void
    ) -> [GroupOutcome] {
        let names = table.values.lazy.filter(isConcerned).map(\.name).sorted()
        return names.map { inGroup($0, nil, now, verb) }.filter { !$0.isEmpty }
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
