import GroupCoordination
import RecordFormat

/// One step of the search.
extension ExploredState {
    /// How many records each partition has.
    static let end: Int64 = 1

    /// All that can happen next.
    var actions: [ExploredAction] {
        var actions: [ExploredAction] = []
        for (index, client) in clients.enumerated() {
            let place = UInt8(index)
            if client.member == nil || client.instance != nil { actions.append(.init(kind: .join, client: place)) }
            guard client.member != nil else { continue }
            actions.append(.init(kind: .leave, client: place))
            actions.append(.init(kind: client.connection == nil ? .resume : .lose, client: place))
            for (partition, epoch) in client.believed.enumerated() where epoch != nil {
                actions.append(.init(kind: .commit, client: place, partition: UInt8(partition)))
            }
        }
        guard let snapshot = shard.snapshot(Self.group) else { return actions }
        for (index, state) in snapshot.partitions.enumerated() where state.phase == .owned {
            let isUnread = (state.delivered ?? state.committed ?? .zero).value < Self.end
            if isUnread || state.isAwaitingRedelivery {
                actions.append(.init(kind: .deliver, partition: UInt8(index)))
            }
        }
        if snapshot.nextDeadline != nil { actions.append(.init(kind: .timeout)) }
        actions.append(.init(kind: .crash))
        return actions
    }

    /// Carries an action out; true if it told somebody something that could be lost on the way.
    mutating func perform(_ action: ExploredAction) -> Bool {
        path.append(action)
        let outcome = outcome(of: action)
        for event in outcome.events { oracle.told(event) }
        if action.isHeard { for event in outcome.events { hear(event) } }
        return outcome.events.contains { event in
            switch event.body {
            case .assigned(_, let partitions): !partitions.isEmpty
            case .revoked: true
            case .revoking, .leaseWarning, .goodbye: false
            }
        }
    }

    private mutating func hear(_ event: GroupEvent) {
        guard let index = clients.firstIndex(where: { $0.connection == event.connection }) else { return }
        switch event.body {
        case .assigned(_, let partitions):
            for assigned in partitions {
                clients[index].believed[Int(assigned.partition.partition.value)] = assigned.epoch
            }
        case .revoked(let partitions):
            for lost in partitions { clients[index].believed[Int(lost.partition.partition.value)] = nil }
        case .goodbye:
            clients[index].connection = nil
        case .revoking, .leaseWarning:
            break
        }
    }

    private mutating func outcome(of action: ExploredAction) -> GroupOutcome {
        let (client, partition) = (Int(action.client), Int(action.partition))
        switch action.kind {
        case .join: return join(client)
        case .leave: return leave(client)
        case .lose: return lose(client)
        case .resume: return resume(client)
        case .deliver: return deliver(partition)
        case .commit: return commit(client, partition)
        case .timeout: return timeout()
        case .crash:
            crash()
            return GroupOutcome()
        }
    }

    /// Applies a command, answers the starts that it asks for, and looks at what came of it.
    private mutating func apply(_ command: GroupCommand) -> GroupOutcome {
        let before = description
        var sum = GroupOutcome()
        for outcome in shard.apply(command, now: now) { sum.add(outcome) }
        while let request = sum.resolveStart.popLast() {
            let offsets = request.partitions.map {
                ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: .zero)
            }
            let resolution = StartResolution(group: request.group, offsets: offsets)
            for outcome in shard.apply(.startResolved(resolution), now: now) { sum.add(outcome) }
        }
        for event in sum.events { oracle.toTell(event) }
        look()
        guard let description else { return sum }
        oracle.check(description, after: before, at: wall)
        if !sum.records.isEmpty { checkLog(sum.records) }
        return sum
    }

    /// What was stored before and what an outcome adds to it is what the state says is stored.
    private mutating func checkLog(_ added: [GroupRecord]) {
        guard var table = stored else { return }
        stored = nil
        for record in added { table[record.key] = record.value }
        let after = shard.allRecords()
        let isSame = table.count == after.count && after.allSatisfy { table[$0.key] == $0.value }
        if !isSame { oracle.report("the log does not tell the state") }
    }

    private mutating func join(_ index: Int) -> GroupOutcome {
        let member = MemberID("m\(nextID())")
        let connection = ConnectionID(nextID())
        if let former = clients[index].member, clients[index].instance != nil { excuse(former) }
        let join = GroupJoin(
            request: RequestID(lastID),
            connection: connection,
            group: Self.group,
            member: member,
            instance: clients[index].instance,
            topics: [Self.topic]
        )
        clients[index].member = member
        clients[index].connection = connection
        clients[index].believed = clients[index].believed.map { _ in nil }
        oracle.returnedAt[member] = wall
        return apply(.join(join))
    }

    private mutating func excuse(_ member: MemberID) {
        oracle.excusedMembers.insert(member)
        oracle.absentSince[member] = nil
        oracle.heardAt[member] = nil
        for (partition, state) in oracle.watched where state.owner == member { oracle.excused.insert(partition) }
    }

    private mutating func leave(_ index: Int) -> GroupOutcome {
        guard let member = clients[index].member else { return GroupOutcome() }
        excuse(member)
        clients[index].member = nil
        clients[index].connection = nil
        clients[index].believed = clients[index].believed.map { _ in nil }
        return apply(.leave(GroupLeave(request: RequestID(nextID()), group: Self.group, member: member)))
    }

    private mutating func lose(_ index: Int) -> GroupOutcome {
        guard let connection = clients[index].connection, let member = clients[index].member else {
            return GroupOutcome()
        }
        clients[index].connection = nil
        oracle.heard(member, at: wall)
        if clients[index].instance != nil { oracle.absentSince[member] = wall }
        return apply(.disconnect(connection))
    }

    private mutating func resume(_ index: Int) -> GroupOutcome {
        guard let member = clients[index].member else { return GroupOutcome() }
        let connection = ConnectionID(nextID())
        let isLiving = description?.members.contains { $0.id == member } == true
        if isLiving { oracle.returned(member, isFirstSinceCrash: unseen.remove(member) != nil, at: wall) }
        let command = GroupReconnect(
            request: RequestID(nextID()),
            connection: connection,
            group: Self.group,
            member: member
        )
        let outcome = apply(.reconnect(command))
        switch outcome.replies.first?.body {
        case .joined: clients[index].connection = connection
        case .refused where !isLiving:
            // Its session is over: it may join anew.
            clients[index].member = nil
            clients[index].believed = clients[index].believed.map { _ in nil }
        default: oracle.report("\(member) was refused its session")
        }
        return outcome
    }

    private mutating func deliver(_ index: Int) -> GroupOutcome {
        guard let state = shard.snapshot(Self.group)?.partitions[index], let holder = state.holder else {
            return GroupOutcome()
        }
        let isConnected = shard.snapshot(Self.group)?.members.contains { $0.id == holder && $0.connection != nil }
        let delivery = GroupDelivery(
            group: Self.group,
            member: holder,
            partition: Self.partition(index),
            epoch: state.epoch,
            next: Offset(Self.end)
        )
        let outcome = apply(.delivered(delivery))
        if outcome.isDeliveryAccepted != (isConnected == true) { oracle.report("delivery to \(holder)") }
        if outcome.isDeliveryAccepted { oracle.delivered(Self.partition(index), to: Offset(Self.end), at: wall) }
        return outcome
    }

    private mutating func commit(_ client: Int, _ index: Int) -> GroupOutcome {
        guard let member = clients[client].member, let epoch = clients[client].believed[index] else {
            return GroupOutcome()
        }
        let partition = Self.partition(index)
        let before = shard.snapshot(Self.group)?.partitions[index]
        let isAllowed = before?.holder == member && before?.epoch == epoch
        let isWhole = oracle.watched[partition]?.isSeenWhole == true
        let item = CommitItem(
            partition: partition,
            topicID: Self.topic.id,
            offset: Offset(Self.end),
            epoch: epoch,
            visible: Offset(Self.end)
        )
        if isAllowed, before?.committed != item.offset, !isWhole || before?.delivered.map({ item.offset <= $0 }) ?? true
        {
            oracle.renewed(partition, at: wall)
        }
        let request = GroupCommit(request: RequestID(nextID()), group: Self.group, member: member, items: [item])
        let outcome = apply(.commit(request))
        judge(outcome, before, index, isAllowed)
        return outcome
    }

    private mutating func judge(
        _ outcome: GroupOutcome,
        _ before: GroupSnapshot.Partition?,
        _ index: Int,
        _ isAllowed: Bool
    ) {
        guard case .committed(let results) = outcome.replies.first?.body, let status = results.first?.status else {
            return
        }
        let after = shard.snapshot(Self.group)?.partitions[index].committed
        switch status {
        case .committed:
            if !isAllowed { oracle.report("a fenced commit landed") }
            if after != Offset(Self.end) { oracle.report("committed, but not in force") }
        case .fenced:
            if isAllowed { oracle.report("the owner was fenced") }
            if after != before?.committed { oracle.report("fenced, but in force") }
        default:
            if after != before?.committed { oracle.report("refused, but in force") }
        }
    }

    private mutating func timeout() -> GroupOutcome {
        guard let due = shard.snapshot(Self.group)?.nextDeadline else { return GroupOutcome() }
        time = max(time, due)
        let outcome = apply(.tick)
        if let description { oracle.checkDue(description, at: wall) }
        return outcome
    }

    private mutating func crash() {
        let records = shard.allRecords()
        let marks = SimulatedLog.Marks(leases: oracle.leases, emptySince: description?.emptySince)
        do {
            shard = try GroupShard(replaying: records, shard.configuration, now: now)
        } catch {
            return oracle.report("the log cannot be read: \(error)")
        }
        _ = shard.finishReplay(now: now)
        for index in clients.indices { clients[index].connection = nil }
        look()
        unseen = Set(description?.members.map(\.id) ?? [])
        oracle.crashed(description, marks, at: wall)
        checkLog([])
    }

    // MARK: Settling

    /// Whether nothing happens by itself any more.
    var isStill: Bool { shard.snapshot(Self.group)?.nextDeadline == nil }

    /// From here on nothing happens but time: in the end every partition must be with somebody who is there, and the
    /// shares must be equal.
    mutating func settle() {
        stored = nil
        for _ in 0..<64 {
            guard shard.snapshot(Self.group)?.nextDeadline != nil else { break }
            _ = timeout()
        }
        guard let description else { return }
        let connected = description.members.filter { $0.connection != nil }
        guard !connected.isEmpty else { return }
        let lively = connected.filter { !$0.isStalled }
        let receivers = lively.isEmpty ? connected : lively
        let ids = Set(receivers.map(\.id))
        for state in description.partitions where state.owner.map({ ids.contains($0) }) != true || state.phase != .owned
        {
            oracle.report("\(state.partition) is \(state.phase) in the end, of \(state.owner?.value ?? "nobody")")
        }
        let sizes = receivers.map(\.assignment.count)
        if (sizes.max() ?? 0) - (sizes.min() ?? 0) > 1 { oracle.report("sizes differ in the end: \(sizes)") }
        if shard.snapshot(Self.group)?.nextDeadline != nil { oracle.report("something is due in the end") }
    }
}
