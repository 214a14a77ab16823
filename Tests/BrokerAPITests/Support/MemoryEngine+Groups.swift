import BrokerCore
import RecordFormat

/// Groups made and changed by hand: what is asked for is noted, and what a test wrote down is answered.
extension MemoryEngine {
    func createGroup(
        _ name: GroupName,
        _ change: GroupSettingsChange
    ) async throws(BrokerError) -> GroupCreation {
        let report = try await changeGroup(name, change)
        return state.withLock { $0.isGroupNew } ? .created(report) : .unchanged(report)
    }

    func changeGroup(_ name: GroupName, _ change: GroupSettingsChange) async throws(BrokerError) -> GroupReport {
        let error = state.withLock { state in
            state.groupChanges.append(change)
            return state.groupError
        }
        if let error { throw error }
        return try group(name)
    }

    func deleteGroup(_ name: GroupName, isForced: Bool) async throws(BrokerError) {
        let error = state.withLock { state in
            state.groupDeletions.append(isForced)
            return state.groupError
        }
        if let error { throw error }
    }

    func resetOffsets(_ request: GroupResetRequest) async throws(BrokerError) -> [GroupResetResult] {
        let (results, error) = state.withLock { state in
            state.resets.append(request)
            return (state.resetResults, state.groupError)
        }
        if let error { throw error }
        return results
    }

    func history(of name: GroupName) throws(BrokerError) -> GroupHistory {
        guard let history = state.withLock({ $0.history }) else { throw .groupNotFound(name) }
        return history
    }

    func joinExplicitly(_ request: GroupJoinRequest) async throws(BrokerError) -> ExplicitMembership {
        let error = state.withLock { state in
            state.joins.append(request)
            return state.joinError
        }
        if let error { throw error }
        return ExplicitMembership(
            member: request.resume ?? "m-1",
            groupEpoch: 42,
            sessionTimeoutMilliseconds: 10_000,
            commitTimeoutMilliseconds: 60_000
        )
    }

    func poll(_ poll: MemberPoll) async throws(BrokerError) -> MemberPage {
        let (page, error) = state.withLock { state in
            state.polls.append(poll)
            return (state.page, state.groupError)
        }
        if let error { throw error }
        guard let page else { throw .groupNotFound(poll.identity.group) }
        return page
    }

    func heartbeat(_ identity: MemberIdentity) async throws(BrokerError) -> MemberStanding {
        let error = state.withLock { state in
            state.beats.append(identity)
            return state.groupError
        }
        if let error { throw error }
        let partition = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))
        return MemberStanding(
            groupEpoch: 42,
            partitions: [.init(partition: partition, epoch: 17)],
            sessionTimeoutMilliseconds: 10_000
        )
    }

    func leave(_ identity: MemberIdentity) async throws(BrokerError) {
        let error = state.withLock { state in
            state.leaves.append(identity)
            return state.groupError
        }
        if let error { throw error }
    }
}
