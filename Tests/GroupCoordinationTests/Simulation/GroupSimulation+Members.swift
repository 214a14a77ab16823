import RecordFormat

@testable import GroupCoordination

/// What members do in a simulation.
extension GroupSimulation {
    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    mutating func join(isPlain: Bool = false) {
        guard isPlain || clients.count(where: { $0.connection != nil }) < 12 else { return }
        let instance = !isPlain && random.chance(35) ? "pod-\(Int.random(in: 0..<4, using: &random))" : nil
        let client = SimulatedClient(
            member: MemberID("m\(nextID())"),
            instance: instance,
            connection: ConnectionID(nextID())
        )
        let command = GroupCommand.join(request(client, client.connection ?? ConnectionID(0)))
        excuseFormer(of: instance)
        let outcome = apply(command)
        guard case .joined = outcome.replies.first?.body else { return oracle.report("a join was refused") }
        clients.append(client)
        if !isPlain, random.chance(10) { apply(command) }
    }

    private func request(_ client: SimulatedClient, _ connection: ConnectionID) -> GroupJoin {
        GroupJoin(
            request: RequestID(connection.value),
            connection: connection,
            group: Self.group,
            member: client.member,
            instance: client.instance,
            topics: topics,
            start: .latest,
            commitTimeoutMilliseconds: Self.commitTimeout
        )
    }

    /// A new process with the same instance ends what the former one held.
    private mutating func excuseFormer(of instance: String?) {
        guard let instance, let description = shard.describe(Self.group) else { return }
        for member in description.members where member.instance == instance {
            oracle.excusedMembers.insert(member.id)
            oracle.absentSince[member.id] = nil
        }
    }

    mutating func reconnect() {
        guard let index = clients.indices.randomElement(using: &random), !clients[index].isFenced else { return }
        let connection = ConnectionID(nextID())
        let member = clients[index].member
        let command = GroupReconnect(
            request: RequestID(nextID()),
            connection: connection,
            group: Self.group,
            member: member
        )
        // What the oracle is told depends on the answer, and the answer does not depend on the oracle.
        let isAlive = shard.describe(Self.group)?.members.contains { $0.id == member } == true
        if isAlive { oracle.returned(member, isFirstSinceCrash: unseen.remove(member) != nil, at: wall) }
        let outcome = apply(.reconnect(command))
        switch outcome.replies.first?.body {
        case .joined: clients[index].connection = connection
        case .refused: if isAlive { oracle.report("\(member) was refused its session") }
        default: oracle.report("a reconnect has no answer")
        }
    }

    mutating func disconnect() {
        guard let index = clients.indices.randomElement(using: &random), let connection = clients[index].connection
        else { return }
        clients[index].connection = nil
        let member = clients[index].member
        let isLiving = shard.describe(Self.group)?.members.contains { $0.connection == connection } == true
        if isLiving, clients[index].instance != nil { oracle.absentSince[member] = wall }
        apply(.disconnect(connection))
    }

    mutating func leave() {
        guard let client = clients.randomElement(using: &random) else { return }
        oracle.excusedMembers.insert(client.member)
        oracle.absentSince[client.member] = nil
        apply(.leave(GroupLeave(request: RequestID(nextID()), group: Self.group, member: client.member)))
    }

    mutating func deliver() {
        guard let client = clients.randomElement(using: &random), client.connection != nil,
            let (partition, epoch) = client.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        visible[partition, default: 0] += Int64.random(in: 0...5, using: &random)
        let end = visible[partition] ?? 0
        guard end > 0 else { return }
        let next = Offset(Int64.random(in: 1...end, using: &random))
        let state = state(of: partition)
        let mayRead =
            state?.owner == client.member && state?.epoch == epoch && state?.phase == .owned
            && isConnected(client.member)
        let command = GroupDelivery(
            group: Self.group,
            member: client.member,
            partition: partition,
            epoch: epoch,
            next: next
        )
        let outcome = apply(.delivered(command))
        if outcome.isDeliveryAccepted != mayRead { oracle.report("\(partition): delivery to \(client.member)") }
        if outcome.isDeliveryAccepted { oracle.delivered(partition, to: next, at: wall) }
    }

    mutating func commit() {
        guard let client = clients.randomElement(using: &random),
            let (partition, told) = client.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        let before = state(of: partition)
        let epoch = random.chance(8) ? PartitionEpoch(Int64.random(in: 0...told.value + 2, using: &random)) : told
        let end = visible[partition] ?? 0
        let isFinishing = random.chance(40)
        let offset = isFinishing ? before?.delivered ?? Offset(end) : Offset(.random(in: 0...end + 3, using: &random))
        let item = CommitItem(
            partition: partition,
            topicID: topics.first { $0.name == partition.topic }?.id ?? TopicID(high: 0, low: 0),
            offset: offset,
            epoch: epoch,
            visible: Offset(end)
        )
        let isAllowed = before?.owner == client.member && before?.epoch == epoch
        // A commit that moves the offset begins the lease of what is left anew.
        if isAllowed, let committed = before?.committed, offset > committed, offset.value <= end {
            if unseen.contains(client.member) || before?.delivered.map({ offset <= $0 }) ?? true {
                oracle.renewed(partition, at: wall)
            }
        }
        let command = GroupCommit(
            request: RequestID(nextID()),
            group: Self.group,
            member: client.member,
            items: [item]
        )
        let outcome = apply(.commit(command))
        judge(outcome.replies.first?.body, item, before, isAllowed)
        if random.chance(10) { apply(.commit(command)) }
    }

    /// No fenced commit lands; one that is called committed is in force.
    private mutating func judge(
        _ reply: GroupReply.Body?,
        _ item: CommitItem,
        _ before: GroupDescription.PartitionDescription?,
        _ isAllowed: Bool
    ) {
        if case .refused(.unknownGroup) = reply { return }
        guard case .committed(let results) = reply, let status = results.first?.status else {
            return oracle.report("a commit has no answer")
        }
        let after = state(of: item.partition)
        if case .committed(let offset) = status {
            if !isAllowed { oracle.report("\(item.partition): a fenced commit landed") }
            if after?.committed != offset { oracle.report("\(item.partition): committed, but not in force") }
            if offset.value > visible[item.partition] ?? 0, offset != before?.committed {
                oracle.report("\(item.partition): a commit beyond the end")
            }
        } else if after?.committed != before?.committed {
            oracle.report("\(item.partition): refused, but in force")
        }
        if case .fenced = status, isAllowed { oracle.report("\(item.partition): the owner was fenced") }
    }

    mutating func lease() {
        guard let client = clients.randomElement(using: &random),
            let (partition, epoch) = client.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        let command = GroupLeaseRequest(
            request: RequestID(nextID()),
            group: Self.group,
            member: client.member,
            partitions: [LeasePartition(partition: partition, epoch: epoch)]
        )
        let before = state(of: partition)
        let isHeld = before?.owner == client.member && before?.epoch == epoch
        if random.chance(50) {
            if isHeld { oracle.renewed(partition, at: wall) }
            apply(.progress(command))
        } else {
            if isHeld { oracle.excused.insert(partition) }
            apply(.release(command))
        }
    }

    mutating func grow() {
        let index = Int.random(in: topics.indices, using: &random)
        let topic = topics[index]
        topics[index] = GroupTopicDescription(name: topic.name, id: topic.id, partitionCount: topic.partitionCount + 1)
        apply(.topicChanged(topics[index]))
    }

    /// One of the topics is deleted and created again under the same name.
    mutating func recreate() {
        flush()
        let topic = topics[1]
        oracle.deleted(topic.name)
        apply(.topicDeleted(topic.name, topic.id))
        visible = visible.filter { $0.key.topic != topic.name }
        lastTopicID += 1
        topics[1] = GroupTopicDescription(name: topic.name, id: TopicID(high: 1, low: lastTopicID), partitionCount: 2)
        apply(.topicChanged(topics[1]))
        // The store keeps a deletion and its tombstones in one frame: no crash comes between.
        flush()
    }

    private func state(of partition: TopicPartition) -> GroupDescription.PartitionDescription? {
        shard.describe(Self.group)?.partitions.first { $0.partition == partition }
    }

    private func isConnected(_ member: MemberID) -> Bool {
        shard.describe(Self.group)?.members.contains { $0.id == member && $0.connection != nil } == true
    }
}
