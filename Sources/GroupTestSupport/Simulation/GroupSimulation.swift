public import GroupCoordination
import RecordFormat

/// One random schedule: members that come, go, work and misbehave; administrators; a log that becomes durable late; a
/// broker that dies.
///
/// Outcomes queue until a random moment makes them durable; only then replies and events are given out, and some of
/// those are lost. A crash keeps a prefix of what was queued. A seed tells the whole schedule.
public struct GroupSimulation: Sendable {
    static let group = GroupName.of("billing")

    let configuration: GroupConfiguration
    var random: SplitMix
    var shard: GroupShard
    var oracle: GroupOracle
    var log = SimulatedLog()
    var members: [SimulatedMember] = []
    /// The topics that exist, and which of them the group reads.
    var topics: [GroupTopicDescription]
    var listed: Set<TopicName>
    /// The commits of topics that were taken off the list.
    var kept: [TopicPartition: Offset] = [:]
    var visible: [TopicPartition: Int64] = [:]
    var starts: [StartRequest] = []
    /// What resets were asked for, to judge their answers.
    var resets: [RequestID: GroupReset] = [:]
    var monotonic: Int64
    var wall: Int64 = 1_700_000_000_000
    var lastID: UInt64 = 0
    var lastTopicID: UInt64 = 3
    let membersMax: Int
    /// Members that this process has not seen connected: their deliveries are unknown to it.
    var unseen: Set<MemberID> = []
    /// How many commands were applied.
    public private(set) var commandCount = 0
    /// Told of each command and what came of it: to read a schedule that went wrong.
    public var trace: (@Sendable (String) -> Void)?

    /// Begins the schedule of a seed.
    public init(seed: UInt64, configuration: GroupConfiguration = GroupConfiguration()) {
        random = SplitMix(seed: seed)
        var configuration = configuration
        configuration.commitTimeoutMilliseconds = [4_000, 20_000, 60_000].randomElement(using: &random) ?? 20_000
        configuration.sessionTimeoutMilliseconds = [2_000, 10_000].randomElement(using: &random) ?? 10_000
        if random.chance(30) { configuration.firstJoinDebounceMilliseconds = 0 }
        self.configuration = configuration
        shard = GroupShard(configuration: configuration)
        oracle = GroupOracle(
            commitTimeout: configuration.commitTimeoutMilliseconds,
            sessionTimeout: configuration.sessionTimeoutMilliseconds
        )
        monotonic = Int64.random(in: 0...1_000_000, using: &random)
        membersMax = Int.random(in: 2...20, using: &random)
        let names = ["invoices", "orders", "payments"].map(TopicName.of)
        topics = []
        for (index, name) in names.enumerated() {
            topics.append(
                GroupTopicDescription(
                    name: name,
                    id: TopicID(high: 1, low: UInt64(index + 1)),
                    partitionCount: Int32.random(in: 1...6, using: &random)
                )
            )
        }
        listed = Set(names.prefix(2))
    }

    var now: GroupNow {
        GroupNow(monotonicMilliseconds: monotonic, wall: Timestamp(millisecondsSinceEpoch: wall))
    }

    var description: GroupDescription? { shard.describe(Self.group) }

    /// The topics that the group reads, as they are.
    var list: [GroupTopicDescription] { topics.filter { listed.contains($0.name) } }

    /// Runs so many random steps and then lets everything settle.
    ///
    /// Returns what went wrong.
    public mutating func run(steps: Int) -> [String] {
        for _ in 0..<steps where oracle.violations.isEmpty {
            step()
        }
        if oracle.violations.isEmpty { settle() }
        return oracle.violations
    }

    private mutating func step() {
        switch Int.random(in: 0..<200, using: &random) {
        case 0..<16: join()
        case 16..<26: reconnect()
        case 26..<35: disconnect()
        case 35..<39: leave()
        case 39..<43: heartbeat()
        case 43..<83: deliver()
        case 83..<127: commit()
        case 127..<133: lease()
        case 133..<162: advance()
        case 162..<170: answerStart()
        case 170..<185: flush()
        case 185..<188: grow()
        case 188: if random.chance(30) { recreate() }
        case 189..<191: changeTopics()
        case 191: changeTimes()
        case 192..<194: reset()
        case 194: delete()
        case 195..<198: crash()
        default: compareWithLog()
        }
    }

    // MARK: The broker's side

    /// Applies a command, queues its outcomes, and holds the state before against the state after.
    @discardableResult
    mutating func apply(_ command: GroupCommand) -> GroupOutcome {
        let before = description
        var sum = GroupOutcome()
        commandCount += 1
        for outcome in shard.apply(command, now: now) { take(outcome, into: &sum) }
        if let trace { trace("\(monotonic) \(command)\n    -> \(sum.replies.map(\.body)) \(sum.events.map(\.body))") }
        if let after = description {
            oracle.check(after, after: before, at: wall)
            mark()
        } else if before != nil {
            ended(before, by: command)
        }
        return sum
    }

    private mutating func take(_ outcome: GroupOutcome, into sum: inout GroupOutcome) {
        starts += outcome.resolveStart
        for event in outcome.events { oracle.toTell(event) }
        sum.add(outcome)
        if !outcome.isEmpty {
            log.queue(outcome, SimulatedLog.Marks())
        }
        // What is told too early is all that this fault does.
        if configuration.isPlanted(.toldBeforeDurable) {
            for event in outcome.events { give(event) }
            acknowledge(outcome.replies)
        }
    }

    /// Keeps with what was queued last what the oracle knows as of it.
    private mutating func mark() {
        log.mark(SimulatedLog.Marks(leases: oracle.leases, emptySince: description?.emptySince))
    }

    /// The group is gone: because it was deleted, or because nobody came for its time to live.
    private mutating func ended(_ before: GroupDescription?, by command: GroupCommand) {
        if case .tick = command {
            let since = before?.emptySince?.millisecondsSinceEpoch ?? .max
            guard let life = oracle.timeToLive, since <= wall - life else {
                return oracle.report("the group has ended, and should not have")
            }
        }
        flush()
        oracle.forgetGroup()
        oracle.commitTimeout = configuration.commitTimeoutMilliseconds
        oracle.sessionTimeout = configuration.sessionTimeoutMilliseconds
        listed = Set(topics.prefix(2).map(\.name))
        kept = [:]
        resets = [:]
        for index in members.indices { members[index].connection = nil }
    }

    /// A round of the journal: all that is queued becomes durable and is given out; some of it is lost on the way.
    mutating func flush() {
        for entry in log.flush(log.queued.count) { deliver(entry.outcome) }
    }

    private mutating func deliver(_ outcome: GroupOutcome) {
        acknowledge(outcome.replies)
        for event in outcome.events { give(event) }
    }

    private mutating func acknowledge(_ replies: [GroupReply]) {
        for case .committed(let results) in replies.map(\.body) {
            for result in results {
                guard case .committed(let offset) = result.status else { continue }
                oracle.acknowledge(result.partition, offset)
            }
        }
    }

    private mutating func give(_ event: GroupEvent) {
        oracle.told(event)
        guard let index = members.firstIndex(where: { $0.connection == event.connection }) else { return }
        let isFinal = if case .goodbye = event.body { true } else { false }
        guard isFinal || !random.chance(5) else { return }
        members[index].hear(event.body, forgetting: !random.chance(20))
    }

    /// The process dies between two writes: a prefix of what was queued is on disk, and nothing of it may be told.
    mutating func crash() {
        let former = settingsKnown
        for entry in log.flush(Int.random(in: 0...log.queued.count, using: &random)) where random.chance(50) {
            deliver(entry.outcome)
        }
        if configuration.isPlanted(.outcomeTorn) { log.tear() }
        trace?("\(monotonic) crash")
        log.crash()
        starts = []
        resets = [:]
        wall += Int64.random(in: 0...3_000, using: &random)
        monotonic = Int64.random(in: 0...1_000_000, using: &random)
        do {
            shard = try GroupShard(replaying: log.durable, configuration, now: now)
        } catch {
            return oracle.report("the log cannot be read: \(error)")
        }
        let restored = SimulatedLog.table(of: shard.allRecordsAfterReplay(now: now, starts: &starts))
        if restored != log.table { oracle.report("replay differs from the log") }
        for index in members.indices { members[index].connection = nil }
        unseen = Set(description?.members.map(\.id) ?? [])
        oracle.crashed(description, log.marks, at: wall)
        adopt(former)
        adoptTopics()
    }

    /// What the settings were, to see whether a crash has taken a change back.
    private var settingsKnown: GroupSettings? { description?.settings }

    /// The settings are what the log says.
    private mutating func adopt(_ former: GroupSettings?) {
        let settings = description?.settings
        oracle.commitTimeout = settings?.commitTimeoutMilliseconds ?? configuration.commitTimeoutMilliseconds
        oracle.sessionTimeout = settings?.sessionTimeoutMilliseconds ?? configuration.sessionTimeoutMilliseconds
        oracle.timeToLive = settings?.timeToLiveMilliseconds
        listed = settings.map { Set($0.topics) } ?? Set(topics.prefix(2).map(\.name))
        let names = Set(description?.keptTopics ?? [])
        kept = kept.filter { names.contains($0.key.topic) }
    }

    /// As the owner does after a start: groups are told of the topics as they are.
    private mutating func adoptTopics() {
        for (name, id) in shard.knownTopics() where !topics.contains(where: { $0.name == name && $0.id == id }) {
            oracle.forget(name, withCommits: true)
            kept = kept.filter { $0.key.topic != name }
            apply(.topicDeleted(name, id))
        }
        for topic in topics { tell(topic) }
    }

    /// What is stored is what the state says.
    mutating func compareWithLog() {
        let state = SimulatedLog.table(of: shard.allRecords())
        if log.tableWithQueued != state { oracle.report("the log does not tell the state") }
    }

    mutating func advance(by span: Int64? = nil) {
        let end = monotonic + (span ?? Int64.random(in: 1...(random.chance(15) ? 25_000 : 600), using: &random))
        while oracle.violations.isEmpty, let due = shard.nextDeadline(), due <= end {
            move(to: max(monotonic, due))
            apply(.tick)
            if let description { oracle.checkDue(description, at: wall) }
            if let next = shard.nextDeadline(), next <= due { return oracle.report("tick does not get on") }
        }
        move(to: end)
    }

    private mutating func move(to time: Int64) {
        wall += time - monotonic
        monotonic = time
    }

    // MARK: Settling

    /// No more faults: the timeouts pass, two members stay, and every partition must end with one of them.
    private mutating func settle() {
        flush()
        endLife()
        join(isPlain: true)
        join(isPlain: true)
        for _ in 0..<3 {
            while !starts.isEmpty { answerStart() }
            advance(by: 130_000)
            flush()
        }
        guard let description else { return oracle.report("no group in the end") }
        for state in description.partitions where state.owner == nil || state.phase != .owned {
            oracle.report("\(state.partition) is \(state.phase) in the end, of \(state.owner?.value ?? "nobody")")
        }
        let connected = description.members.filter { $0.connection != nil }
        for member in connected {
            guard let connection = member.connection, !oracle.announced.contains(connection) else { continue }
            oracle.report("\(member.id) was never told what it has")
        }
        let lively = connected.filter { !$0.isStalled }
        let sizes = (lively.isEmpty ? connected : lively).map(\.assignment.count)
        if (sizes.max() ?? 0) - (sizes.min() ?? 0) > 1 { oracle.report("sizes differ in the end: \(sizes)") }
        if shard.nextDeadline() != nil { oracle.report("something is due in the end") }
        compareWithLog()
    }
}

extension GroupOutcome {
    /// Adds what another group's outcome says, to look at a command's outcomes together.
    mutating func add(_ other: GroupOutcome) {
        records += other.records
        replies += other.replies
        events += other.events
        resolveStart += other.resolveStart
        isDeliveryAccepted = isDeliveryAccepted || other.isDeliveryAccepted
    }
}

extension GroupShard {
    /// Ends a replay, and returns all that is stored after it.
    mutating func allRecordsAfterReplay(now: GroupNow, starts: inout [StartRequest]) -> [GroupRecord] {
        starts = finishReplay(now: now).flatMap(\.resolveStart)
        return allRecords()
    }
}

extension GroupName {
    static func of(_ text: String) -> GroupName {
        do { return try GroupName(validating: text) } catch { preconditionFailure(error.description) }
    }
}

extension TopicName {
    static func of(_ text: String) -> TopicName {
        do { return try TopicName(validating: text) } catch { preconditionFailure(error.description) }
    }
}
