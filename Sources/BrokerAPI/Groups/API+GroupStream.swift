import BrokerCore
import HTTPTypes
import RecordFormat

extension API {
    /// Joins a group, or resumes a session of it, and streams: the connection is the member.
    func groupStream(
        _ group: GroupName,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let framing = try Negotiation.groupStream(context)
        if framing == .sse, context.lastEventID == CursorText.endMark { return Self.nothingMore }
        let recordEvent = try WatchOptions.recordEvent(context.query)
        let timeout = try context.query.milliseconds("timeout")
        let request = try joinRequest(group, context, principal)
        let place = try streamPlaces.take(principal)
        let session = try await engine.joinGroup(request)
        let limits = engine.limits
        let token = sessionTokens.token(group: group, member: session.member, principal: principal)
        let machine = GroupStreamMachine(
            encoder: EventEncoder(framing: framing, recordEvent: recordEvent, jsonDepthMax: limits.jsonDepthMax),
            timers: StreamTimers(
                limits: limits,
                timeoutMilliseconds: timeout,
                random: configuration.random(),
                now: engine.clock.now
            ),
            retryMilliseconds: configuration.retryMilliseconds,
            greeting: .joined(member: session.member, groupEpoch: session.groupEpoch, session: token)
        )
        var headers = Self.streamHeaders(framing)
        headers[.groupMember] = session.member
        headers[.groupEpoch] = String(session.groupEpoch)
        headers[.groupSession] = token
        return APIReply(
            status: .ok,
            headers: headers,
            body: .stream(
                GroupStream(
                    machine,
                    session: session,
                    membership: .init(group: group, member: session.member, principal: principal),
                    engine: engine,
                    place: place,
                    isSocket: context.isSocket
                )
            )
        )
    }

    private func joinRequest(
        _ group: GroupName,
        _ context: RequestContext,
        _ principal: Principal
    ) throws(Problem) -> GroupJoinRequest {
        let query = context.query
        var resume: String?
        if query["session"] != nil || context.request.headers[.groupSession] != nil {
            resume = try member(of: sessionToken(context, query["session"]), group: group, principal: principal)
        }
        // None are whatever the group shares; the engine refuses to make a group of none.
        let topics = query["topics"] == nil ? [] : try TopicList.parse(query["topics"], in: group.namespace)
        let limits = engine.limits
        guard topics.count <= limits.groupTopicsMax else {
            throw Problem.invalidRequest("a group shares at most \(limits.groupTopicsMax) topics, not \(topics.count)")
        }
        let maxInFlight = try query.integer("maxInFlight", in: 1...Int64(limits.maxInFlightRecordsMax))
        let maxInFlightBytes = try query.integer("maxInFlightBytes", in: 1...Int64(limits.maxInFlightBytesMax.value))
        return GroupJoinRequest(
            group: group,
            topics: topics,
            instance: try query["instance"].map { (name) throws(Problem) in try Self.instance(name) },
            resume: resume,
            start: try query["from"].map { (text) throws(Problem) in try GroupStart.parse(text) } ?? .earliest,
            maxInFlight: maxInFlight.map { Int($0) },
            maxInFlightBytes: maxInFlightBytes.map { Int($0) },
            commitTimeoutMilliseconds: try query.milliseconds("commitTimeout"),
            principal: principal
        )
    }

    /// The member that a token names.
    func member(of token: String, group: GroupName, principal: Principal) throws(Problem) -> String {
        guard let member = sessionTokens.member(of: token, group: group, principal: principal) else {
            throw Problem(
                .invalidSession,
                "the session is not one of the group \(group) and of this client; it is the Group-Session of the stream"
            )
        }
        return member
    }

    /// The name of a static member.
    static func instance(_ text: String) throws(Problem) -> String {
        do throws(NameError) {
            return try GroupName(validating: text).name
        } catch {
            throw Problem(error, of: "instance")
        }
    }
}
