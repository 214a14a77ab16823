import GroupCoordination
import RecordFormat

extension Broker {
    /// Commits offsets for a session; each item has its own result.
    ///
    /// Durable on return.
    ///
    /// Renewals and releases follow the commits; of them only those are reported that were fenced.
    public func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult] {
        guard phase != .starting else { throw .draining }
        let coordinator = coordinator(of: request.group)
        var results: [CommitItemResult] = []
        if !request.items.isEmpty { results = try await store(request, coordinator) }
        results += try await lease(request, request.progress, coordinator) { .progress($0) }
        results += try await lease(request, request.release, coordinator) { .release($0) }
        return results
    }

    private func store(
        _ request: CommitOffsetsRequest,
        _ coordinator: GroupCoordinator
    ) async throws(BrokerError) -> [CommitItemResult] {
        let id = RequestID.next()
        let registry = registry
        let member = MemberID(request.member)
        let body = try await coordinator.ask(request: id) { (_) throws(BrokerError) in
            let items = request.items.map { CommitItem($0, registry: registry) }
            return .commit(GroupCommit(request: id, group: request.group, member: member, items: items))
        }
        switch body {
        case .committed(let results):
            let mailbox = coordinator.mailbox(of: member)
            for result in results {
                switch result.status {
                case .committed(let offset), .outdated(let offset): mailbox?.committed(result.partition, offset)
                default: break
                }
            }
            return results.map { CommitItemResult($0) }
        case .refused(let refusal):
            throw BrokerError(refusal, group: request.group)
        default:
            preconditionFailure("a commit was answered with \(body)")
        }
    }

    private func lease(
        _ request: CommitOffsetsRequest,
        _ partitions: [TopicPartition],
        _ coordinator: GroupCoordinator,
        _ command: (GroupLeaseRequest) -> GroupCommand
    ) async throws(BrokerError) -> [CommitItemResult] {
        if partitions.isEmpty { return [] }
        let id = RequestID.next()
        let member = MemberID(request.member)
        let body = try await coordinator.ask(request: id) { (shard) throws(BrokerError) in
            let held = shard.describe(request.group)?.members.first { $0.id == member }?.assignment ?? []
            // The request names no epochs: what the member holds now is meant; of others the shard says whose they are.
            let leases = partitions.map { partition in
                held.first { $0.partition == partition } ?? LeasePartition(partition: partition, epoch: .init(0))
            }
            return command(
                GroupLeaseRequest(request: id, group: request.group, member: member, partitions: leases)
            )
        }
        switch body {
        case .progressed(let results), .released(let results):
            return results.compactMap { CommitItemResult($0) }
        case .refused(let refusal):
            throw BrokerError(refusal, group: request.group)
        default:
            preconditionFailure("a lease request was answered with \(body)")
        }
    }
}

extension CommitItem {
    /// An item with what the log knows of its partition; of one that does not exist nothing can be committed.
    fileprivate init(_ item: CommitOffsetsRequest.Item, registry: TopicRegistry) {
        let topic = registry.find(item.partition.topic)
        let partition = try? topic?.partition(item.partition.partition)
        self.init(
            partition: item.partition,
            topicID: topic?.groupID ?? TopicID(high: 0, low: 0),
            offset: item.offset,
            epoch: PartitionEpoch(item.epoch),
            visible: partition?.visible ?? .zero,
            metadata: item.metadata
        )
    }
}
