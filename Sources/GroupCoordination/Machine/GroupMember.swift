import RecordFormat

/// One member of a group.
struct GroupMember: Sendable {
    enum Presence: Hashable, Sendable {
        /// It has a connection.
        case connected(ConnectionID)
        /// It sends heartbeats: the next must come until then, by the monotonic clock. Its events go to an address that
        /// is no connection.
        case heartbeating(ConnectionID, until: Int64)
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

    /// When it last sent a commit, a progress or a release, or came, by the monotonic clock.
    var seenAt: Int64

    /// Whether it lost a partition to the commit timeout and has sent nothing since: others get what there is, for its
    /// connection may be dead without anybody's notice.
    var isStalled = false

    /// Whether its first `assigned` is still to come.
    var isUnannounced = true

    var connection: ConnectionID? {
        switch presence {
        case .connected(let connection), .heartbeating(let connection, _): connection
        case .disconnected, .gone: nil
        }
    }

    /// When its session ends if nothing is heard of it.
    var sessionDeadline: Int64? {
        switch presence {
        case .heartbeating(_, let until), .disconnected(let until): until
        case .connected, .gone: nil
        }
    }

    var isConnected: Bool { connection != nil }

    var isGone: Bool { presence == .gone }

    /// Whether its partitions stay although nobody reads them.
    func isKept(_ configuration: GroupConfiguration) -> Bool {
        guard case .disconnected = presence else { return false }
        let isStatic = instance != nil && !configuration.isPlanted(.staticMemberMovedEarly)
        return isStatic || (isRecovered && !configuration.isPlanted(.sessionsLostAtRestart))
    }

    var value: MemberValue {
        MemberValue(isGone: isGone, epoch: epoch, instance: instance, joinedAt: joinedAt)
    }
}
