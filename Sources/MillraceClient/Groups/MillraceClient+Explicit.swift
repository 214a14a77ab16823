import FoundationEssentials
import NIOCore

/// What an explicit member is told when it asks: what has happened, and what there is to do.
struct MemberAnswer {
    let events: [GroupEvent]
    let records: [ReceivedRecord]
}

/// What a join answers.
struct JoinAnswer: Decodable {
    let member: String
    let session: String
    let groupEpoch: Int64
    let sessionTimeoutMs: Int64?
}

extension MillraceClient {
    /// An explicit member's events: it joins when they are iterated, and is alive by its requests.
    public func pollGroup(_ options: GroupJoinOptions) -> GroupPolling {
        GroupPolling(client: self, options: options)
    }

    /// Joins as an explicit member, or comes back with a session.
    func join(_ options: GroupJoinOptions) async throws(MillraceError) -> JoinAnswer {
        let body = try RequestBody.json(WireJoin(options))
        return try await call(.POST, ServerAddress.target(["v1", "groups", options.group, "members"]), body: body).value
    }

    /// Asks for records, waiting for the first one.
    func poll(_ membership: GroupMembership, wait: Duration) async throws(MillraceError) -> MemberAnswer {
        let milliseconds = wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000
        let path = ["v1", "groups", membership.group, "members", membership.member, "records"]
        let target = ServerAddress.target(path, query: [("wait", "\(milliseconds)ms")])
        return try memberAnswer(try await answer(.GET, target, fields: [session(membership)], wait: wait))
    }

    /// Says that an explicit member lives.
    func heartbeat(_ membership: GroupMembership) async throws(MillraceError) {
        let path = ["v1", "groups", membership.group, "members", membership.member, "heartbeat"]
        let body = try RequestBody.json(["session": membership.session])
        _ = try await answer(.POST, ServerAddress.target(path), body: body)
    }

    private func session(_ membership: GroupMembership) -> (name: String, value: String) {
        ("Group-Session", membership.session)
    }

    private func memberAnswer(_ bytes: ByteBuffer) throws(MillraceError) -> MemberAnswer {
        let members = JSONMembers(bytes)
        var events: [GroupEvent] = []
        for event in members.elements(of: "events") { events.append(try GroupEvent(EventLine(bytes: event))) }
        var records: [ReceivedRecord] = []
        for record in members.elements(of: "records") { records.append(try EventLine(bytes: record).record()) }
        return MemberAnswer(events: events, records: records)
    }
}

private struct WireJoin: Encodable {
    var session: String?
    var topics: [String]?
    var instance: String?
    var from: String?
    var commitTimeoutMs: Int?
    var maxInFlight: Int?
    var maxInFlightBytes: Int?

    init(_ options: GroupJoinOptions) {
        session = options.session
        maxInFlight = options.maxInFlight
        maxInFlightBytes = options.maxInFlightBytes
        if options.session == nil {
            topics = options.topics
            instance = options.instance
            from = options.from
            commitTimeoutMs = options.commitTimeoutMilliseconds
        }
    }
}
