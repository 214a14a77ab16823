import GroupCoordination
import RecordFormat

/// What members do in a simulation.
extension GroupSimulation {
    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func join(isPlain: Bool = false) {
        guard isPlain || members.count(where: { $0.connection != nil }) < membersMax else { return }
        let instance = !isPlain && random.chance(35) ? "pod-\(Int.random(in: 0..<4, using: &random))" : nil
        let member = SimulatedMember(
            member: MemberID("m\(nextID())"),
            instance: instance,
            presence: !isPlain && random.chance(25) ? .heartbeats : .connection,
            connection: ConnectionID(nextID())
        )
        var request = request(member)
        if !isPlain, random.chance(5) { return joinWrongly(request) }
        if random.chance(20), description != nil { request.topics = [] }
        let before = description
        let former = excuseFormer(of: instance)
        let outcome = apply(.join(request))
        if case .refused(let refusal) = outcome.replies.first?.body { return judgeRefusal(refusal, of: request) }
        guard case .joined = outcome.replies.first?.body else { return oracle.report("a join has no answer") }
        came(member)
        judgeJoin(outcome, before, former)
        members.append(member)
        if !isPlain, random.chance(10) { apply(.join(request)) }
    }

    private func request(_ member: SimulatedMember) -> GroupJoin {
        GroupJoin(
            request: RequestID(lastID),
            connection: member.connection ?? ConnectionID(0),
            presence: member.presence,
            group: Self.group,
            member: member.member,
            instance: member.instance,
            topics: list,
            start: .latest
        )
    }

    /// A member is there: by its connection, or until its first heartbeat is missed.
    private mutating func came(_ member: SimulatedMember) {
        oracle.returnedAt[member.member] = wall
        if member.presence == .heartbeats { oracle.heard(member.member, at: wall) }
    }

    /// A joiner with another list of topics is not let in.
    private mutating func joinWrongly(_ join: GroupJoin) {
        guard description != nil else { return }
        var join = join
        join.instance = nil
        join.topics = topics.filter { !listed.contains($0.name) }
        guard !join.topics.isEmpty else { return }
        let outcome = apply(.join(join))
        guard case .refused(.otherTopics) = outcome.replies.first?.body else {
            return oracle.report("a joiner with other topics was let in")
        }
    }

    private mutating func judgeRefusal(_ refusal: GroupRefusal, of join: GroupJoin) {
        switch refusal {
        case .tooManyMembers(let max):
            let count = description?.members.count ?? 0
            if count < max { oracle.report("a join was refused by \(count) members of \(max)") }
        case .otherTopics(_, let current, _):
            // A topic of the list may have been deleted: nobody can name it then.
            if current == join.topics.map(\.name).sorted() { oracle.report("a join was refused with the right topics") }
        case .noTopics: if description != nil || !join.topics.isEmpty { oracle.report("a join was refused its topics") }
        default: oracle.report("a join was refused: \(refusal)")
        }
    }

    /// A join moves nothing yet: others may come.
    ///
    /// What a former process of the instance had changes hands at once.
    private mutating func judgeJoin(_ outcome: GroupOutcome, _ before: GroupDescription?, _ former: FormerProcess?) {
        if let connection = former?.connection {
            let goodbye = outcome.events.first { $0.connection == connection }?.body
            if goodbye != .goodbye(.fenced, reconnect: false) { oracle.report("a former process was not fenced") }
        }
        guard
            configuration.firstJoinDebounceMilliseconds > 0
                || before?.members.contains(where: { $0.connection != nil }) == true
        else { return }
        let now = Dictionary(uniqueKeysWithValues: (description?.partitions ?? []).map { ($0.partition, $0) })
        for state in before?.partitions ?? [] {
            guard let after = now[state.partition], after.epoch != state.epoch || after.phase != state.phase,
                former?.member == nil || state.owner != former?.member
            else { continue }
            return oracle.report("\(state.partition) moved for a join at once")
        }
    }

    private struct FormerProcess {
        let member: MemberID
        let connection: ConnectionID?
    }

    /// A new process with the same instance ends what the former one held.
    private mutating func excuseFormer(of instance: String?) -> FormerProcess? {
        guard let instance, let member = description?.members.first(where: { $0.instance == instance }) else {
            return nil
        }
        oracle.excusedMembers.insert(member.id)
        oracle.absentSince[member.id] = nil
        for partition in description?.partitions ?? [] where partition.owner == member.id {
            oracle.excused.insert(partition.partition)
        }
        return FormerProcess(member: member.id, connection: member.connection)
    }

    mutating func reconnect() {
        guard let index = members.indices.randomElement(using: &random), !members[index].isFenced else { return }
        let connection = ConnectionID(nextID())
        let member = members[index]
        let command = GroupReconnect(
            request: RequestID(nextID()),
            connection: connection,
            presence: member.presence,
            group: Self.group,
            member: member.member
        )
        // What the oracle is told depends on the answer, and the answer does not depend on the oracle.
        let known = description?.members.first { $0.id == member.member }
        if known != nil {
            oracle.returned(member.member, isFirstSinceCrash: unseen.remove(member.member) != nil, at: wall)
            came(member)
        }
        let outcome = apply(.reconnect(command))
        switch outcome.replies.first?.body {
        case .joined: members[index].connection = connection
        case .refused: if known != nil { oracle.report("\(member.member) was refused its session") }
        default: oracle.report("a reconnect has no answer")
        }
        guard let former = known?.connection else { return }
        let goodbye = outcome.events.first { $0.connection == former }?.body
        if goodbye != .goodbye(.fenced, reconnect: false) { oracle.report("a former connection was not fenced") }
    }

    mutating func disconnect() {
        guard let index = members.indices.randomElement(using: &random), let connection = members[index].connection
        else { return }
        members[index].connection = nil
        let member = members[index]
        // An explicit member just stops sending heartbeats.
        guard member.presence == .connection else { return }
        let isLiving = description?.members.contains { $0.connection == connection } == true
        if isLiving {
            oracle.heard(member.member, at: wall)
            if member.instance != nil { oracle.absentSince[member.member] = wall }
        }
        apply(.disconnect(connection))
    }

    mutating func leave() {
        guard let member = members.randomElement(using: &random) else { return }
        oracle.excusedMembers.insert(member.member)
        oracle.absentSince[member.member] = nil
        oracle.heardAt[member.member] = nil
        apply(.leave(GroupLeave(request: RequestID(nextID()), group: Self.group, member: member.member)))
    }

    /// Heartbeats of members that are there, and sometimes of others.
    mutating func heartbeat() {
        for member in members where random.chance(member.connection != nil ? 80 : 5) {
            let request = GroupHeartbeat(request: RequestID(nextID()), group: Self.group, member: member.member)
            let isLiving = description?.members.contains { $0.id == member.member } == true
            noteSign(of: member.member)
            if isLiving, oracle.absentSince[member.member] != nil { oracle.absentSince[member.member] = wall }
            if isLiving, oracle.heardAt[member.member] != nil { oracle.heard(member.member, at: wall) }
            switch apply(.heartbeat(request)).replies.first?.body {
            case .alive: if !isLiving { oracle.report("\(member.member) is alive, and is no member") }
            case .refused: if isLiving { oracle.report("\(member.member) was refused a heartbeat") }
            default: oracle.report("a heartbeat has no answer")
            }
        }
    }

    /// Any request with the session of an explicit member is a heartbeat.
    private mutating func noteSign(of member: MemberID) {
        guard let state = description?.members.first(where: { $0.id == member }), state.presence == .heartbeats else {
            return
        }
        oracle.heard(member, at: wall)
    }

    mutating func deliver() {
        // A connection is given records only once its member was told of its partitions, and so durably has them: of a
        // return that a crash takes back nothing may have been delivered.
        guard let member = members.randomElement(using: &random), let connection = member.connection,
            oracle.announced.contains(connection),
            let (partition, epoch) = member.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        visible[partition, default: 0] += Int64.random(in: 0...5, using: &random)
        let end = visible[partition] ?? 0
        guard end > 0 else { return }
        let next = Offset(Int64.random(in: 1...end, using: &random))
        let state = state(of: partition)
        let mayRead =
            state?.owner == member.member && state?.epoch == epoch && state?.phase == .owned
            && isConnected(member.member)
        if mayRead { noteSign(of: member.member) }
        let command = GroupDelivery(
            group: Self.group,
            member: member.member,
            partition: partition,
            epoch: epoch,
            next: next
        )
        let outcome = apply(.delivered(command))
        if outcome.isDeliveryAccepted != mayRead { oracle.report("\(partition): delivery to \(member.member)") }
        if outcome.isDeliveryAccepted { oracle.delivered(partition, to: next, at: wall) }
    }

    func state(of partition: TopicPartition) -> GroupDescription.PartitionDescription? {
        description?.partitions.first { $0.partition == partition }
    }

    private func isConnected(_ member: MemberID) -> Bool {
        description?.members.contains { $0.id == member && $0.connection != nil } == true
    }

    mutating func lease() {
        guard let member = members.randomElement(using: &random),
            let (partition, epoch) = member.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        let command = GroupLeaseRequest(
            request: RequestID(nextID()),
            group: Self.group,
            member: member.member,
            partitions: [LeasePartition(partition: partition, epoch: epoch)]
        )
        let before = state(of: partition)
        let isHeld = before?.owner == member.member && before?.epoch == epoch
        noteSign(of: member.member)
        if random.chance(50) {
            if isHeld { oracle.renewed(partition, at: wall) }
            apply(.progress(command))
        } else {
            if isHeld { oracle.excused.insert(partition) }
            apply(.release(command))
            let after = state(of: partition)
            if isHeld, after?.owner == member.member, after?.epoch == epoch {
                oracle.report("\(partition) was released, and is where it was")
            }
        }
    }
}
