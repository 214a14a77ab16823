import GroupCoordination
import RecordFormat

extension Benchmark {
    /// The groups' machine: commands in, records, replies and events out.
    static let groups = [
        Benchmark(
            name: "group-join",
            about: "100 members join a group of 1,000 partitions, all of which are given out",
            operation: "member",
            passesCounted: 2
        ) { _ in
            HotLoop(operations: 100) {
                var group = MeasuredGroup(partitions: 1000)
                for member in 0..<100 { group.join(member, .connection) }
                group.settle()
                try WrongOutcome.check(group.assigned.count, is: 1000, "partitions given out")
            }
        },
        Benchmark(
            name: "group-heartbeat",
            about: "heartbeats of 100 members that hold 10 partitions each",
            operation: "heartbeat",
            passesCounted: 1
        ) { _ in
            var group = MeasuredGroup(partitions: 1000)
            for member in 0..<100 { group.join(member, .heartbeats) }
            group.settle()
            return HotLoop(operations: 1000) {
                for index in 0..<1000 {
                    group.advance(byMilliseconds: 1)
                    guard case .alive(let member) = group.heartbeat(index % 100) else {
                        throw WrongOutcome(description: "a heartbeat was refused")
                    }
                    try WrongOutcome.check(member.assignment.count, is: 10, "partitions of a member")
                }
            }
        },
        Benchmark(
            name: "group-commit",
            about: "10 members are given records of 10 partitions each, and commit them",
            operation: "partition",
            passesCounted: 20
        ) { _ in
            var group = MeasuredGroup(partitions: 100)
            for member in 0..<10 { group.join(member, .connection) }
            group.settle()
            let shares = (0..<10).map { group.share(of: $0) }
            var offset: Int64 = 0
            return HotLoop(operations: 100) {
                offset += 500
                for member in 0..<10 {
                    group.advance(byMilliseconds: 1)
                    let committed = group.consume(member, shares[member], to: Offset(offset))
                    try WrongOutcome.check(committed, is: 10, "partitions that were committed")
                }
            }
        },
    ]
}

/// A group without a log: its records are made, and dropped.
private struct MeasuredGroup {
    private static let name = GroupName(internal: "billing")
    private static let topic = TopicName(internal: "orders")

    private var shard = GroupShard(configuration: GroupConfiguration())
    private var time: Int64 = 0
    private var lastRequest: UInt64 = 0
    private let description: GroupTopicDescription
    /// Who has which partition.
    private(set) var assigned: [TopicPartition: (member: MemberID, partition: AssignedPartition)] = [:]

    init(partitions: Int32) {
        description = GroupTopicDescription(
            name: Self.topic,
            id: TopicID(high: 1, low: 1),
            partitionCount: partitions
        )
    }

    private static func id(_ member: Int) -> MemberID { MemberID("member-\(member)") }

    mutating func advance(byMilliseconds milliseconds: Int64) {
        time += milliseconds
    }

    mutating func join(_ member: Int, _ presence: GroupPresence) {
        let join = GroupJoin(
            request: nextRequest(),
            connection: ConnectionID(UInt64(member)),
            presence: presence,
            group: Self.name,
            member: Self.id(member),
            topics: [description]
        )
        apply(.join(join))
    }

    /// Waits until nothing moves any more; sessions that would end after that are not waited for.
    mutating func settle() {
        for _ in 0..<8 {
            time += 100
            apply(.tick)
        }
    }

    mutating func heartbeat(_ member: Int) -> GroupReply.Body? {
        let beat = GroupHeartbeat(request: nextRequest(), group: Self.name, member: Self.id(member))
        return apply(.heartbeat(beat)).first
    }

    /// What a member holds, in order.
    func share(of member: Int) -> [AssignedPartition] {
        let mine = assigned.values.filter { $0.member == Self.id(member) }
        return mine.map(\.partition).sorted { $0.partition < $1.partition }
    }

    /// Tells of records that a member is given, and commits them; how many partitions that was accepted of.
    mutating func consume(_ member: Int, _ share: [AssignedPartition], to offset: Offset) -> Int {
        for held in share {
            let delivery = GroupDelivery(
                group: Self.name,
                member: Self.id(member),
                partition: held.partition,
                epoch: held.epoch,
                next: offset
            )
            apply(.delivered(delivery))
        }
        let items = share.map {
            CommitItem(
                partition: $0.partition,
                topicID: description.id,
                offset: offset,
                epoch: $0.epoch,
                visible: offset
            )
        }
        let commit = GroupCommit(request: nextRequest(), group: Self.name, member: Self.id(member), items: items)
        guard case .committed(let results) = apply(.commit(commit)).first else { return 0 }
        return results.count { if case .committed = $0.status { true } else { false } }
    }

    private mutating func nextRequest() -> RequestID {
        lastRequest += 1
        return RequestID(lastRequest)
    }

    /// Applies a command, answers the starts that it asks for, and notes what is given out.
    @discardableResult
    private mutating func apply(_ command: GroupCommand) -> [GroupReply.Body] {
        let now = GroupNow(
            monotonicMilliseconds: time,
            wall: SampleRecords.start.advanced(byMilliseconds: time)
        )
        var replies: [GroupReply.Body] = []
        for outcome in shard.apply(command, now: now) {
            note(outcome)
            replies += outcome.replies.map(\.body)
            for request in outcome.resolveStart {
                let offsets = request.partitions.map {
                    ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: .zero)
                }
                let resolution = StartResolution(group: request.group, offsets: offsets)
                for outcome in shard.apply(.startResolved(resolution), now: now) { note(outcome) }
            }
        }
        return replies
    }

    private mutating func note(_ outcome: GroupOutcome) {
        for event in outcome.events {
            guard case .assigned(_, let partitions) = event.body else { continue }
            for partition in partitions { assigned[partition.partition] = (event.member, partition) }
        }
    }
}
