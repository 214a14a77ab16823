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
}
