import RecordFormat

/// What an engine without groups or collections of its own says.
extension BrokerEngine {
    /// Always takes time.
    public func readNow(_ cursor: Cursor, budget: ReadBudget) throws(BrokerError) -> ReadResult? { nil }

    /// A task that waits.
    public func notify(
        past cursor: Cursor,
        _ action: @escaping @Sendable (WakeReason) -> Void
    ) -> @Sendable () -> Void {
        let waiting = Task { action(await wait(past: cursor, deadline: nil)) }
        return { waiting.cancel() }
    }

    /// The group as it is told without a look at its records.
    public func groupWithLagAges(_ name: GroupName) async throws(BrokerError) -> GroupReport { try group(name) }

    /// Refused.
    public func listItems(
        of topic: TopicName,
        from place: CollectionPlace?,
        limit: Int,
        bytesMax: ByteCount
    ) async throws(BrokerError) -> CollectionPage {
        throw .unsupported("this engine has no collections")
    }

    /// There is none.
    public func closeList(_ list: UInt64, of topic: TopicName) {}

    /// Refused.
    public func item(_ key: [UInt8], of topic: TopicName) async throws(BrokerError) -> CollectionItem? {
        throw .unsupported("this engine has no collections")
    }

    /// Refused.
    public func updateItem(
        _ key: [UInt8],
        of topic: TopicName,
        _ decide: @escaping @Sendable (CollectionItem?) throws -> ItemDecision
    ) async throws -> ItemUpdate {
        throw BrokerError.unsupported("this engine has no collections")
    }

    /// Refused.
    public func changes(
        _ cursor: Cursor,
        budget: ReadBudget,
        previous wanted: PreviousWanted
    ) async throws(BrokerError) -> CollectionChanges {
        throw .unsupported("this engine has no collections")
    }

    /// Refused.
    public func createGroup(
        _ name: GroupName,
        _ change: GroupSettingsChange
    ) async throws(BrokerError) -> GroupCreation {
        throw .unsupported("this engine does not make groups")
    }

    /// Refused.
    public func changeGroup(
        _ name: GroupName,
        _ change: GroupSettingsChange
    ) async throws(BrokerError) -> GroupReport {
        throw .unsupported("this engine does not change groups")
    }

    /// Refused.
    public func deleteGroup(_ name: GroupName, isForced: Bool) async throws(BrokerError) {
        throw .unsupported("this engine does not delete groups")
    }

    /// Refused.
    public func resetOffsets(_ request: GroupResetRequest) async throws(BrokerError) -> [GroupResetResult] {
        throw .unsupported("this engine does not reset offsets")
    }

    /// Refused.
    public func history(of name: GroupName) throws(BrokerError) -> GroupHistory {
        throw .unsupported("this engine keeps no history of groups")
    }

    /// Refused.
    public func joinExplicitly(_ request: GroupJoinRequest) async throws(BrokerError) -> ExplicitMembership {
        throw .unsupported("this engine has no explicit members")
    }

    /// Refused.
    public func poll(_ poll: MemberPoll) async throws(BrokerError) -> MemberPage {
        throw .unsupported("this engine has no explicit members")
    }

    /// Refused.
    public func heartbeat(_ identity: MemberIdentity) async throws(BrokerError) -> MemberStanding {
        throw .unsupported("this engine has no explicit members")
    }

    /// Refused.
    public func leave(_ identity: MemberIdentity) async throws(BrokerError) {
        throw .unsupported("this engine has no explicit members")
    }
}
