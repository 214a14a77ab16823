import RecordFormat

/// One member of a group.
struct GroupMember: Sendable {
    enum Presence: Hashable, Sendable {
        /// It has a connection.
        case connected(ConnectionID)
        /// Its connection was lost; until then, by the monotonic clock, its session may be reclaimed.
        case disconnected(until: Int64)
        /// Its session is over. It is kept only as the owner of partitions that still drain.
        case gone
    }

    let id: MemberID
    let instance: String?
    let epoch: MemberEpoch
    let joinedAt: Timestamp
    var presence: Presence

    /// Whether it was read from the log and has not come back yet.
    ///
    /// After a restart every member is without connection, through no fault of its own, so it keeps what it had for its
    /// session timeout, as a static member does.
    var isRecovered = false

    /// Whether it lost a partition to the commit timeout and has shown no progress since: others are preferred.
    var isStalled = false

    /// Whether its first `assigned` is still to come.
    var isUnannounced = true

    var connection: ConnectionID? {
        guard case .connected(let connection) = presence else { return nil }
        return connection
    }

    var isConnected: Bool { connection != nil }

    var isGone: Bool { presence == .gone }

    /// Whether its partitions stay although nobody reads them.
    var isKept: Bool {
        guard case .disconnected = presence else { return false }
        return instance != nil || isRecovered
    }

    var value: MemberValue {
        MemberValue(isGone: isGone, epoch: epoch, instance: instance, joinedAt: joinedAt)
    }
}
