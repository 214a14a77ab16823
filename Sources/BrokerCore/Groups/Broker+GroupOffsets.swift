import GroupCoordination
public import RecordFormat

extension Broker {
    /// Sets committed offsets by hand, or tells what that would do.
    ///
    /// Durable on return.
    public func resetOffsets(_ request: GroupResetRequest) async throws(BrokerError) -> [GroupResetResult] {
        guard phase == .ready else { throw .draining }
        let id = RequestID.next()
        let body = try await coordinator(of: request.group).ask(request: id) { (shard) throws(BrokerError) in
            .reset(
                GroupReset(
                    request: id,
                    group: request.group,
                    partitions: try request.chosen(in: shard),
                    to: request.position.ofGroup,
                    isDryRun: request.isDryRun
                )
            )
        }
        switch body {
        case .reset(let results): return results.map { GroupResetResult($0) }
        case .refused(let refusal): throw BrokerError(refusal, group: request.group)
        default: preconditionFailure("a reset was answered with \(body)")
        }
    }

    /// The last rebalances of a group.
    public func history(of name: GroupName) throws(BrokerError) -> GroupHistory {
        let found = coordinator(of: name).inspect { shard -> GroupHistory? in
            guard let rebalances = shard.rebalances(name), let group = shard.describe(name) else { return nil }
            return GroupHistory(
                groupEpoch: group.epoch.value,
                rebalances: rebalances.reversed().map { GroupRebalance($0) }
            )
        }
        guard let found else { throw .groupNotFound(name) }
        return found
    }
}

extension GroupResetRequest {
    /// The partitions that are meant; nil for all.
    fileprivate func chosen(in shard: GroupShard) throws(BrokerError) -> [TopicPartition]? {
        if topics.isEmpty, partitions.isEmpty { return nil }
        let shared = shard.describe(group)?.partitions.map(\.partition) ?? []
        for topic in topics where !shared.contains(where: { $0.topic == topic }) {
            // A group that is not there is told as such by the shard.
            if shard.describe(group) == nil { return [] }
            throw .partitionNotShared(group, TopicPartition(topic, PartitionIndex(0)))
        }
        return partitions + shared.filter { topics.contains($0.topic) }
    }
}

extension GroupResetResult {
    fileprivate init(_ result: ResetResult) {
        self.init(
            partition: result.partition,
            committed: result.from,
            to: result.to,
            owner: result.owner?.value
        )
    }
}

extension GroupRebalance {
    fileprivate init(_ rebalance: GroupCoordination.GroupRebalance) {
        self.init(
            groupEpoch: rebalance.epoch.value,
            time: rebalance.time,
            reasons: rebalance.reasons.map { Reason(code: $0.code, member: $0.member?.value, text: $0.description) },
            moves: rebalance.moves.map { move in
                Move(
                    partition: move.partition,
                    from: move.from?.value,
                    to: move.to?.value,
                    kind: move.kind == .moved ? .moved : .askedBack
                )
            },
            moveCount: rebalance.moveCount
        )
    }
}

extension GroupCoordination.GroupRebalance.Reason {
    /// The name that stays the same.
    fileprivate var code: String {
        switch self {
        case .coordinatorStarted: "coordinator-started"
        case .memberJoined: "member-joined"
        case .memberReturned: "member-returned"
        case .instanceTakenOver: "instance-taken-over"
        case .memberLeft: "member-left"
        case .connectionLost: "connection-lost"
        case .sessionTimedOut: "session-timed-out"
        case .commitTimedOut: "commit-timed-out"
        case .memberRevived: "member-revived"
        case .handedOver: "handed-over"
        case .released: "released"
        case .topicGrew: "topic-grew"
        case .topicDeleted: "topic-deleted"
        case .topicsChanged: "topics-changed"
        case .startsResolved: "starts-resolved"
        case .offsetsReset: "offsets-reset"
        }
    }

    /// The member that it is about; of a takeover, the one that has the instance now.
    fileprivate var member: MemberID? {
        switch self {
        case .memberJoined(let member), .memberReturned(let member), .instanceTakenOver(_, _, let member),
            .memberLeft(let member), .connectionLost(let member), .sessionTimedOut(let member),
            .commitTimedOut(let member), .memberRevived(let member), .handedOver(let member), .released(let member):
            member
        case .coordinatorStarted, .topicGrew, .topicDeleted, .topicsChanged, .startsResolved, .offsetsReset: nil
        }
    }
}
