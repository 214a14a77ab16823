import RecordFormat

@testable import GroupCoordination

/// One random schedule: members that come, go, work and misbehave; a log that becomes durable late; a broker that dies.
///
/// Outcomes queue until a random moment makes them durable; only then replies and events are given out, and some of
/// those are lost. A crash keeps a prefix of what was queued.
struct GroupSimulation {
    static let group = groupName("billing")
    static let name = topicName("orders")
    static let otherName = topicName("invoices")
    static let commitTimeout: Int64 = 20_000

    var random: SplitMix
    var shard = GroupShard(configuration: .withoutFirstDebounce)
    var oracle = GroupOracle(commitTimeout: commitTimeout, sessionTimeout: 10_000)
    var clients: [SimulatedClient] = []
    var topics: [GroupTopicDescription]
    var visible: [TopicPartition: Int64] = [:]
    var durable: [GroupRecord] = []
    var queued: [Queued] = []
    var durableLeases: [TopicPartition: Int64] = [:]
    var starts: [StartRequest] = []
    var resolved: [TopicPartition: Offset] = [:]
    var monotonic: Int64
    var wall: Int64 = 1_700_000_000_000
    var lastID: UInt64 = 0
    var lastTopicID: UInt64 = 2
    /// Members that this process has not seen connected: their deliveries are unknown to it.
    var unseen: Set<MemberID> = []

    /// An outcome that waits to become durable, and the oracle's leases as of it.
    struct Queued {
        let outcome: GroupOutcome
        let leases: [TopicPartition: Int64]
    }

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        monotonic = Int64.random(in: 0...1_000_000, using: &random)
        topics = [
            GroupTopicDescription(
                name: Self.name,
                id: TopicID(high: 1, low: 1),
                partitionCount: Int32.random(in: 1...6, using: &random)
            ),
            GroupTopicDescription(
                name: Self.otherName,
                id: TopicID(high: 1, low: 2),
                partitionCount: Int32.random(in: 1...4, using: &random)
            ),
        ]
    }

    var now: GroupNow {
        GroupNow(monotonicMilliseconds: monotonic, wall: Timestamp(millisecondsSinceEpoch: wall))
    }

    /// Runs so many random steps and then lets everything settle.
    ///
    /// Returns what went wrong.
    mutating func run(steps: Int) -> [String] {
        for _ in 0..<steps where oracle.violations.isEmpty {
            step()
        }
        if oracle.violations.isEmpty { settle() }
        return oracle.violations
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: join()
        case 8..<13: reconnect()
        case 13..<18: disconnect()
        case 18..<20: leave()
        case 20..<42: deliver()
        case 42..<66: commit()
        case 66..<69: lease()
        case 69..<84: advance()
        case 84..<88: answerStarts()
        case 88..<96: flush()
        case 96: grow()
        case 97: if random.chance(20) { recreate() }
        case 98: crash()
        default: compareWithLog()
        }
    }

    // MARK: The broker's side

    @discardableResult
    mutating func apply(_ command: GroupCommand) -> GroupOutcome {
        let outcome = GroupOutcome(joining: shard.apply(command, now: now))
        starts += outcome.resolveStart
        if let description = shard.describe(Self.group) { oracle.check(description, at: wall) }
        if !outcome.isEmpty { queued.append(Queued(outcome: outcome, leases: oracle.leases)) }
        return outcome
    }

    /// A round of the journal: all that is queued becomes durable and is given out; some of it is lost on the way.
    mutating func flush() {
        for entry in queued {
            durable += entry.outcome.records
            for event in entry.outcome.events { give(event) }
        }
        durableLeases = queued.last?.leases ?? durableLeases
        queued = []
    }

    private mutating func give(_ event: GroupEvent) {
        guard let index = clients.firstIndex(where: { $0.connection == event.connection }) else { return }
        if case .assigned(_, let partitions) = event.body {
            for partition in partitions { oracle.told(partition, to: event.member) }
        }
        let isFinal = if case .goodbye = event.body { true } else { false }
        guard isFinal || !random.chance(5) else { return }
        clients[index].hear(event.body, forgetting: !random.chance(20))
    }

    /// The process dies between two writes: a prefix of what was queued is on disk, and nothing of it may be told.
    private mutating func crash() {
        let kept = Int.random(in: 0...queued.count, using: &random)
        for entry in queued.prefix(kept) {
            durable += entry.outcome.records
            durableLeases = entry.leases
            if random.chance(50) { for event in entry.outcome.events { give(event) } }
        }
        queued = []
        starts = []
        wall += Int64.random(in: 0...3_000, using: &random)
        monotonic = Int64.random(in: 0...1_000_000, using: &random)
        shard = GroupHarness.replayed(durable, configuration: shard.configuration, now: now)
        if compacted(shard.allRecords()) != compacted(durable) { oracle.report("replay differs from the log") }
        let description = shard.describe(Self.group)
        for index in clients.indices { clients[index].connection = nil }
        unseen = Set(description?.members.map(\.id) ?? [])
        oracle.absentSince = Dictionary(uniqueKeysWithValues: unseen.map { ($0, wall) })
        oracle.crashed(description, leases: durableLeases)
        starts = fresh(description)
    }

    /// What `finishReplay` asks for; the harness of the tests drops it.
    private func fresh(_ description: GroupDescription?) -> [StartRequest] {
        guard let description else { return [] }
        let partitions = description.partitions.filter { $0.committed == nil }
            .map { StartPartition(partition: $0.partition, topicID: $0.topicID) }
        return partitions.isEmpty
            ? [] : [StartRequest(group: Self.group, position: description.start, partitions: partitions, reset: nil)]
    }

    private mutating func compareWithLog() {
        let log = durable + queued.flatMap(\.outcome.records)
        if compacted(log) != compacted(shard.allRecords()) { oracle.report("the log does not tell the state") }
    }

    mutating func advance(by span: Int64? = nil) {
        let end = monotonic + (span ?? Int64.random(in: 1...(random.chance(15) ? 25_000 : 600), using: &random))
        while let due = shard.nextDeadline(), due <= end {
            move(to: max(monotonic, due))
            apply(.tick)
            if let next = shard.nextDeadline(), next <= due { return oracle.report("tick does not get on") }
        }
        move(to: end)
    }

    private mutating func move(to time: Int64) {
        wall += time - monotonic
        monotonic = time
    }

    mutating func answerStarts() {
        guard !starts.isEmpty else { return }
        let request = starts.remove(at: Int.random(in: starts.indices, using: &random))
        let offsets = request.partitions.map { partition in
            ResolvedStart(
                partition: partition.partition,
                topicID: partition.topicID,
                offset: Offset(visible[partition.partition] ?? 0)
            )
        }
        let before = shard.describe(request.group)
        apply(.startResolved(StartResolution(group: request.group, offsets: offsets)))
        let after = shard.describe(request.group)
        for (old, new) in zip(before?.partitions ?? [], after?.partitions ?? []) {
            guard old.committed != nil, old.committed != new.committed else { continue }
            oracle.report("\(old.partition) was resolved twice")
        }
    }

    // MARK: Settling

    /// No more faults: the timeouts pass, two members stay, and every partition must end with one of them.
    private mutating func settle() {
        flush()
        join(isPlain: true)
        join(isPlain: true)
        for _ in 0..<3 {
            while !starts.isEmpty { answerStarts() }
            advance(by: 120_000)
            flush()
        }
        guard let description = shard.describe(Self.group) else { return oracle.report("no group in the end") }
        for state in description.partitions where state.owner == nil || state.phase != .owned {
            oracle.report("\(state.partition) is \(state.phase) in the end, of \(state.owner?.value ?? "nobody")")
        }
        let sizes = description.members.filter { $0.connection != nil && !$0.isStalled }.map(\.assignment.count)
        if (sizes.max() ?? 0) - (sizes.min() ?? 0) > 1 { oracle.report("sizes differ in the end: \(sizes)") }
        if shard.nextDeadline() != nil { oracle.report("something is due in the end") }
        compareWithLog()
    }
}
