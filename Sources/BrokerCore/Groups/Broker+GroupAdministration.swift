import GroupCoordination
public import RecordFormat

/// Groups made, changed and ended by hand rather than by their members.
extension Broker {
    /// Makes a group without members, or says that it was there as is asked for.
    ///
    /// Durable on return.
    public func createGroup(
        _ name: GroupName,
        _ change: GroupSettingsChange
    ) async throws(BrokerError) -> GroupCreation {
        let isNew = try await configure(name, change, .create) == .created
        let report = try await groupWithLagAges(name)
        return isNew ? .created(report) : .unchanged(report)
    }

    /// Changes a group for all its members; what is not named stays as it is.
    ///
    /// Durable on return.
    public func changeGroup(
        _ name: GroupName,
        _ change: GroupSettingsChange
    ) async throws(BrokerError) -> GroupReport {
        _ = try await configure(name, change, .change)
        return try await groupWithLagAges(name)
    }

    /// Ends a group with its commits.
    ///
    /// Durable on return.
    public func deleteGroup(_ name: GroupName, isForced: Bool) async throws(BrokerError) {
        guard phase == .ready else { throw .draining }
        let id = RequestID.next()
        let body = try await coordinator(of: name).ask(request: id) { (_) throws(BrokerError) in
            .delete(GroupDelete(request: id, group: name, isForced: isForced))
        }
        switch body {
        case .deleted: return
        case .refused(let refusal): throw BrokerError(refusal, group: name)
        default: preconditionFailure("a deletion was answered with \(body)")
        }
    }

    private func configure(
        _ name: GroupName,
        _ change: GroupSettingsChange,
        _ mode: GroupConfigure.Mode
    ) async throws(BrokerError) -> ConfiguredGroup.Change {
        guard phase == .ready else { throw .draining }
        let id = RequestID.next()
        let registry = registry
        let body = try await coordinator(of: name).ask(request: id) { (_) throws(BrokerError) in
            var command = GroupConfigure(request: id, group: name, mode: mode)
            command.topics = try change.topics.map { (names) throws(BrokerError) in
                try registry.groupDescriptions(of: names)
            }
            command.start = change.start?.ofGroup
            command.commitTimeoutMilliseconds = change.commitTimeoutMilliseconds
            command.sessionTimeoutMilliseconds = change.sessionTimeoutMilliseconds
            command.membersMax = change.membersMax
            command.timeToLive = change.timeToLive?.ofGroup
            command.forgetsDroppedTopics = change.forgetsDroppedTopics
            return .configure(command)
        }
        switch body {
        case .configured(let configured): return configured.change
        case .refused(let refusal): throw BrokerError(refusal, group: name)
        default: preconditionFailure("a change was answered with \(body)")
        }
    }
}

extension TopicRegistry {
    /// The topics that a group names, as they are now; the broker's own are nobody's to share.
    func groupDescriptions(of names: [TopicName]) throws(BrokerError) -> [GroupTopicDescription] {
        var descriptions: [GroupTopicDescription] = []
        for name in names {
            guard !name.isInternal else { throw .nameReserved(name.name) }
            descriptions.append(try topic(name).groupDescription)
        }
        return descriptions
    }
}

extension GroupSettingsChange.TimeToLive {
    /// The same in the words of the groups' machine.
    fileprivate var ofGroup: GroupConfigure.TimeToLive {
        switch self {
        case .unlimited: .unlimited
        case .milliseconds(let milliseconds): .milliseconds(milliseconds)
        }
    }
}
