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

    init(partitions: Int32 = 4, configuration: GroupConfiguration = GroupConfiguration()) {
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
        outcome = shard.apply(command, now: now)
        take(outcome)
        let reply = outcome.replies.first?.body
        if let start {
            for request in outcome.resolveStart {
                let offsets = request.partitions.map {
                    ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: start)
                }
                apply(.startResolved(StartResolution(group: request.group, offsets: offsets)))
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
    mutating func reconnect(_ name: String) -> GroupReply.Body? {
        let connection = ConnectionID(nextID())
        let reply = apply(
            .reconnect(
                GroupReconnect(
                    request: RequestID(nextID()),
                    connection: connection,
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
