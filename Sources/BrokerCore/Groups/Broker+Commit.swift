import GroupCoordination
import RecordFormat

extension Broker {
    /// Commits offsets for a session, renews leases, gives partitions back; each item has its own result.
    ///
    /// Durable on return. The three are carried out one after the other. When the first of them is refused whole, so is the
    /// request; a later refusal is told with its items, since what came before is in force.
    public func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult] {
        guard phase != .starting else { throw .draining }
        let coordinator = coordinator(of: request.group)
        var results: [CommitItemResult] = []
        if !request.items.isEmpty { results = try await store(request, coordinator) }
        for (operation, partitions) in [
            (CommitItemResult.Operation.progress, request.progress), (.release, request.release),
        ] {
            guard !partitions.isEmpty else { continue }
            do throws(BrokerError) {
                results += try await lease(request, partitions, operation, coordinator)
            } catch {
                if results.isEmpty { throw error }
                results += partitions.map {
                    CommitItemResult(partition: $0, operation: operation, outcome: .failed, error: error)
                }
            }
        }
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
            for (item, result) in zip(request.items, results) {
                switch result.status {
                case .committed(let offset), .outdated(let offset):
                    mailbox?.committed(result.partition, offset, epoch: PartitionEpoch(item.epoch))
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
        _ operation: CommitItemResult.Operation,
        _ coordinator: GroupCoordinator
    ) async throws(BrokerError) -> [CommitItemResult] {
        let id = RequestID.next()
        let member = MemberID(request.member)
        let body = try await coordinator.ask(request: id) { (shard) throws(BrokerError) in
            let held = shard.describe(request.group)?.members.first { $0.id == member }?.assignment ?? []
            // The request names no epochs: what the member holds now is meant; of others the shard says whose they are.
            let leases = partitions.map { partition in
                held.first { $0.partition == partition } ?? LeasePartition(partition: partition, epoch: .init(0))
            }
            let lease = GroupLeaseRequest(request: id, group: request.group, member: member, partitions: leases)
            return operation == .progress ? .progress(lease) : .release(lease)
        }
        switch body {
        case .progressed(let results), .released(let results):
            return results.map { CommitItemResult($0, operation) }
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
