import RecordFormat

@testable import GroupCoordination

/// Drives one group by events and actions: a shard, its log, a clock that stands still until it is told to go.
struct GroupHarness {
    static let group = groupName("billing")
    static let orders = topicName("orders")
    static let ordersID = TopicID(high: 1, low: 1)
    static let wallAtStart: Int64 = 1_700_000_000_000

    var shard: GroupShard
    var log: [GroupRecord] = []
    var milliseconds: Int64 = 5_000
    var outcome = GroupOutcome()
    /// What each connection was told, since it was last asked for.
    private(set) var told: [ConnectionID: [GroupEvent.Body]] = [:]
    private(set) var connections: [MemberID: ConnectionID] = [:]
    var topics: [GroupTopicDescription]
    /// Where starts are resolved to; `nil`: they are not answered.
    var start: Offset? = .zero
    private var lastID: UInt64 = 0

    init(partitions: Int32 = 4, configuration: GroupConfiguration = .withoutFirstDebounce) {
        shard = GroupShard(configuration: configuration)
        topics = [GroupTopicDescription(name: Self.orders, id: Self.ordersID, partitionCount: partitions)]
    }

    var now: GroupNow {
        GroupNow(
            monotonicMilliseconds: milliseconds,
            wall: Timestamp(millisecondsSinceEpoch: Self.wallAtStart + milliseconds)
        )
    }

    var description: GroupDescription? { shard.describe(Self.group) }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    @discardableResult
    mutating func apply(_ command: GroupCommand) -> GroupReply.Body? {
        outcome = GroupOutcome(joining: shard.apply(command, now: now))
        take(outcome)
        let reply = outcome.replies.first?.body
        if let start {
            for request in outcome.resolveStart {
                let offsets = request.partitions.map {
                    ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: start)
                }
                let resolution = StartResolution(group: request.group, offsets: offsets, reset: request.reset)
                let answer = apply(.startResolved(resolution))
                if request.reset != nil { return answer }
            }
        }
        return reply
    }

    private mutating func take(_ outcome: GroupOutcome) {
        log += outcome.records
        for event in outcome.events {
            told[event.connection, default: []].append(event.body)
        }
    }

    /// Lets time pass, with a tick at every deadline on the way.
    mutating func advance(_ span: Int64) {
        let end = milliseconds + span
        while let due = shard.nextDeadline(), due <= end {
            milliseconds = max(milliseconds, due)
            apply(.tick)
        }
        milliseconds = end
    }

    /// The process dies and starts again: all that is left is the log.
    mutating func crash(after span: Int64 = 0) {
        milliseconds += span
        shard = Self.replayed(log, configuration: shard.configuration, now: now)
        outcome = GroupOutcome()
        told = [:]
        connections = [:]
    }

    static func replayed(_ log: [GroupRecord], configuration: GroupConfiguration, now: GroupNow) -> GroupShard {
        var shard = GroupShard(configuration: configuration)
        do {
            for record in log {
                try shard.replay(key: record.key, value: record.value, now: now)
            }
        } catch {
            preconditionFailure("\(error)")
        }
        _ = shard.finishReplay(now: now)
        return shard
    }

    // MARK: What members do

    @discardableResult
    mutating func join(
        _ name: String,
        instance: String? = nil,
        presence: GroupPresence = .connection,
        start: StartPosition = .earliest,
        commitTimeoutMilliseconds: Int64? = nil
    ) -> GroupReply.Body? {
        let connection = ConnectionID(nextID())
        connections[MemberID(name)] = connection
        return apply(
            .join(
                GroupJoin(
                    request: RequestID(nextID()),
                    connection: connection,
                    presence: presence,
                    group: Self.group,
                    member: MemberID(name),
                    instance: instance,
                    topics: topics,
                    start: start,
                    commitTimeoutMilliseconds: commitTimeoutMilliseconds
                )
            )
        )
    }

    @discardableResult
    mutating func reconnect(_ name: String, presence: GroupPresence = .connection) -> GroupReply.Body? {
        let connection = ConnectionID(nextID())
        let reply = apply(
            .reconnect(
                GroupReconnect(
                    request: RequestID(nextID()),
                    connection: connection,
                    presence: presence,
                    group: Self.group,
                    member: MemberID(name)
                )
            )
        )
        if case .joined = reply { connections[MemberID(name)] = connection }
        return reply
    }

    mutating func disconnect(_ name: String) {
        guard let connection = connections[MemberID(name)] else { return }
        apply(.disconnect(connection))
    }

    @discardableResult
    mutating func leave(_ name: String) -> GroupReply.Body? {
        apply(.leave(GroupLeave(request: RequestID(nextID()), group: Self.group, member: MemberID(name))))
    }

    @discardableResult
    mutating func heartbeat(_ name: String) -> GroupReply.Body? {
        apply(.heartbeat(GroupHeartbeat(request: RequestID(nextID()), group: Self.group, member: MemberID(name))))
    }

    @discardableResult
    mutating func configure(
        _ mode: GroupConfigure.Mode,
        _ change: (inout GroupConfigure) -> Void = { _ in }
    ) -> GroupReply.Body? {
        var configure = GroupConfigure(request: RequestID(nextID()), group: Self.group, mode: mode)
        if mode == .create { configure.topics = topics }
        change(&configure)
        return apply(.configure(configure))
    }

    @discardableResult
    mutating func delete(isForced: Bool = false) -> GroupReply.Body? {
        apply(.delete(GroupDelete(request: RequestID(nextID()), group: Self.group, isForced: isForced)))
    }

    /// Resets partitions, by number; all of them where none are named.
    @discardableResult
    mutating func reset(
        _ indices: [Int32]? = nil,
        to position: StartPosition = .earliest,
        isDryRun: Bool = false
    ) -> GroupReply.Body? {
        apply(
            .reset(
                GroupReset(
                    request: RequestID(nextID()),
                    group: Self.group,
                    partitions: indices?.map { Self.partition($0) },
                    to: position,
                    isDryRun: isDryRun
                )
            )
        )
    }

    /// Delivers up to an offset, in the present epoch unless told otherwise.
    @discardableResult
    mutating func deliver(_ name: String, _ index: Int32, to next: Int64, epoch: Int64? = nil) -> Bool {
        apply(
            .delivered(
                GroupDelivery(
                    group: Self.group,
                    member: MemberID(name),
                    partition: Self.partition(index),
                    epoch: PartitionEpoch(epoch ?? self.epoch(index)),
                    next: Offset(next)
                )
            )
        )
        return outcome.isDeliveryAccepted
    }

    @discardableResult
    mutating func commit(
        _ name: String,
        _ index: Int32,
        _ offset: Int64,
        epoch: Int64? = nil,
        visible: Int64 = 1_000,
        topicID: TopicID = GroupHarness.ordersID,
        metadata: String = ""
    ) -> CommitResult.Status? {
        let item = CommitItem(
            partition: Self.partition(index),
            topicID: topicID,
            offset: Offset(offset),
            epoch: PartitionEpoch(epoch ?? self.epoch(index)),
            visible: Offset(visible),
            metadata: metadata
        )
        let request = GroupCommit(
            request: RequestID(nextID()),
            group: Self.group,
            member: MemberID(name),
            items: [item]
        )
        guard case .committed(let results) = apply(.commit(request)) else { return nil }
        return results.first?.status
    }

    mutating func progress(_ name: String, _ index: Int32, epoch: Int64? = nil) -> LeaseResult.Status? {
        guard case .progressed(let results) = apply(.progress(lease(name, index, epoch))) else { return nil }
        return results.first?.status
    }

    mutating func release(_ name: String, _ index: Int32, epoch: Int64? = nil) -> LeaseResult.Status? {
        guard case .released(let results) = apply(.release(lease(name, index, epoch))) else { return nil }
        return results.first?.status
    }

    private mutating func lease(_ name: String, _ index: Int32, _ epoch: Int64?) -> GroupLeaseRequest {
        let partition = LeasePartition(
            partition: Self.partition(index),
            epoch: PartitionEpoch(epoch ?? self.epoch(index))
        )
        return GroupLeaseRequest(
            request: RequestID(nextID()),
            group: Self.group,
            member: MemberID(name),
            partitions: [partition]
        )
    }

    // MARK: What is seen

    /// Why the last rebalances came about, and what each moved.
    var history: [GroupRebalance] { shard.rebalances(Self.group) ?? [] }

    /// What a member may read, by number.
    func deliverable(_ name: String) -> [Int32] {
        shard.deliverable(Self.group, MemberID(name)).map(\.partition.partition.value)
    }

    func state(_ index: Int32) -> GroupDescription.PartitionDescription? {
        description?.partitions.first { $0.partition == Self.partition(index) }
    }

    func owner(_ index: Int32) -> String? { state(index)?.owner?.value }

    func epoch(_ index: Int32) -> Int64 { state(index)?.epoch.value ?? 0 }

    func committed(_ index: Int32) -> Int64? { state(index)?.committed?.value }

    /// What a member's connection was told since the last look.
    mutating func heard(_ name: String) -> [GroupEvent.Body] {
        guard let connection = connections[MemberID(name)] else { return [] }
        return told.removeValue(forKey: connection) ?? []
    }

    mutating func heard(_ connection: ConnectionID?) -> [GroupEvent.Body] {
        connection.flatMap { told.removeValue(forKey: $0) } ?? []
    }

    /// Whether the log tells the state, record for record.
    var logTellsState: Bool { compacted(log) == compacted(shard.allRecords()) }

    static func partition(_ index: Int32, of topic: TopicName = orders) -> TopicPartition {
        TopicPartition(topic, PartitionIndex(index))
    }
}

extension GroupConfiguration {
    /// The defaults, but that the first member of a group has everything at once: most tests begin with one.
    static var withoutFirstDebounce: GroupConfiguration {
        var configuration = GroupConfiguration()
        configuration.firstJoinDebounceMilliseconds = 0
        return configuration
    }
}

extension GroupOutcome {
    /// Several outcomes as one, for tests that look at all of them together.
    init(joining outcomes: [GroupOutcome]) {
        self.init()
        for outcome in outcomes {
            records += outcome.records
            replies += outcome.replies
            events += outcome.events
            resolveStart += outcome.resolveStart
            isDeliveryAccepted = isDeliveryAccepted || outcome.isDeliveryAccepted
        }
    }
}

/// The latest value of each key.
func compacted(_ log: [GroupRecord]) -> [[UInt8]: [UInt8]] {
    var table: [[UInt8]: [UInt8]] = [:]
    for record in log {
        table[record.key] = record.value
    }
    return table
}

func topicName(_ text: String) -> TopicName {
    do { return try TopicName(validating: text) } catch { preconditionFailure(error.description) }
}

func groupName(_ text: String) -> GroupName {
    do { return try GroupName(validating: text) } catch { preconditionFailure(error.description) }
}

extension GroupReply.Body {
    var refusal: GroupRefusal? {
        guard case .refused(let refusal) = self else { return nil }
        return refusal
    }

    var configured: ConfiguredGroup? {
        guard case .configured(let group) = self else { return nil }
        return group
    }

    /// Where each partition was reset to, by number.
    var reset: [Int32: Int64]? {
        guard case .reset(let results) = self else { return nil }
        return Dictionary(
            uniqueKeysWithValues: results.map { ($0.partition.partition.value, $0.to?.value ?? -1) }
        )
    }
}

extension GroupEvent.Body {
    /// The partitions of an `assigned`, by number, with their starts.
    var assigned: [Int32: Int64]? {
        guard case .assigned(_, let partitions) = self else { return nil }
        return Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition.partition.value, $0.start.value) })
    }

    var revoking: [Int32]? {
        guard case .revoking(let partitions, _) = self else { return nil }
        return partitions.map(\.partition.partition.value)
    }

    var revoked: [Int32: RevokedReason]? {
        guard case .revoked(let partitions) = self else { return nil }
        return Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition.partition.value, $0.reason) })
    }
}
