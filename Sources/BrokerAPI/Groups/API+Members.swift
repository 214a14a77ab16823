import BrokerCore
import HTTPTypes
import JSONBytes
import RecordFormat

extension API {
    /// Joins a group, or comes back, as a member that is there by its requests.
    func joinMember(
        _ group: GroupName,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let document = try MemberDocument(context, in: group.namespace)
        let resume = try document.session.map { (token) throws(Problem) in
            try member(of: token, group: group, principal: principal)
        }
        let joined = try await engine.joinExplicitly(
            document.request(to: group, resume: resume, principal: principal)
        )
        let token = sessionTokens.token(group: group, member: joined.member, principal: principal)
        return .json(status: .created) { json in
            json.key("member")
            json.string(joined.member)
            json.key("session")
            json.string(token)
            json.key("groupEpoch")
            json.integer(joined.groupEpoch)
            json.key("sessionTimeoutMs")
            json.integer(joined.sessionTimeoutMilliseconds)
            json.key("commitTimeoutMs")
            json.integer(joined.commitTimeoutMilliseconds)
        }
    }

    /// Gives an explicit member what there is for it, and waits while there is nothing.
    func memberRecords(
        _ group: GroupName,
        _ member: String,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let (query, limits) = (context.query, engine.limits)
        let token = try sessionToken(context, query["session"])
        let identity = try identity(token, of: member, in: group, principal)
        let wait = min(try query.milliseconds("wait") ?? 0, limits.waitMax.wholeMilliseconds)
        let records = try query.integer("limit", in: 1...Int64.max) ?? .max
        let bytes = try query.integer("maxBytes", in: 1...Int64.max) ?? .max
        let page = try await engine.poll(
            MemberPoll(
                identity: identity,
                deadline: engine.clock.now.advanced(byMilliseconds: wait),
                allowance: DeliveryAllowance(
                    records: min(records, Int64(limits.pageRecordsMax)),
                    bytes: min(bytes, Int64(limits.pageBytesMax.value))
                ),
                after: query["after"]
            )
        )
        return try MemberText.reply(page, jsonDepthMax: limits.jsonDepthMax)
    }

    /// Notes that a member is there.
    func heartbeat(
        _ group: GroupName,
        _ member: String,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let token = try sessionToken(context, MemberDocument.session(context))
        let standing = try await engine.heartbeat(try identity(token, of: member, in: group, principal))
        return .json { json in
            json.key("groupEpoch")
            json.integer(standing.groupEpoch)
            json.key("sessionTimeoutMs")
            json.integer(standing.sessionTimeoutMilliseconds)
            json.key("partitions")
            json.beginArray()
            for held in standing.partitions {
                json.beginObject()
                GroupText.writeName(held.partition, to: &json)
                json.key("epoch")
                json.integer(held.epoch)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// Lets a member leave.
    func leaveGroup(
        _ group: GroupName,
        _ member: String,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        try requireReady()
        let token = try sessionToken(context, context.query["session"])
        try await engine.leave(try identity(token, of: member, in: group, principal))
        return APIReply(status: .noContent)
    }

    /// The session of a request: in its usual place, or in the header field.
    func sessionToken(_ context: RequestContext, _ given: String?) throws(Problem) -> String {
        let field = context.request.headers[.groupSession]
        if let given, let field, given != field {
            throw .invalidRequest("the request has one session, and the header Group-Session another")
        }
        guard let token = given ?? field else {
            throw .invalidRequest("the session is missing: session, or the header Group-Session")
        }
        return token
    }

    /// The member that both the path and the session name.
    private func identity(
        _ token: String,
        of member: String,
        in group: GroupName,
        _ principal: Principal
    ) throws(Problem) -> MemberIdentity {
        let named = try self.member(of: token, group: group, principal: principal)
        guard named == member else {
            throw Problem(.invalidSession, "the session is not one of the member \(Problem.shown(member))")
        }
        return MemberIdentity(group: group, member: named, principal: principal)
    }
}

/// What an explicit member is told, as JSON.
enum MemberText {
    /// The answer of one page.
    static func reply(_ page: MemberPage, jsonDepthMax: Int) throws(Problem) -> APIReply {
        var encoder = EventEncoder(framing: .json, jsonDepthMax: jsonDepthMax)
        var room = BatchWalk.Room(records: .max, totalBytesMax: .max, pieceBytes: .max)
        for slice in page.records {
            var walk = BatchWalk(slice)
            _ = try walk.write(into: &encoder, room: &room)
        }
        let records = encoder.take()
        return .json { json in
            json.key("groupEpoch")
            json.integer(page.groupEpoch)
            json.key("page")
            json.string(page.id)
            StreamEvent.write(page.partitions, to: &json)
            json.key("events")
            json.beginArray()
            for event in page.events { write(event, to: &json) }
            json.endArray()
            json.key("records")
            json.beginArray()
            if records.readableBytes > 0 { json.raw(records) }
            json.endArray()
        }
    }

    private static func write(_ event: GroupEvent, to json: inout JSONWriter) {
        guard let event = StreamEvent(told: event) else { return }
        json.beginObject()
        json.key("type")
        json.string("\(event.type)")
        event.write(to: &json)
        json.endObject()
    }
}

extension StreamEvent {
    /// A group's event as a page tells it: the goodbye too, which a stream says in its own time.
    fileprivate init?(told event: GroupEvent) {
        if case .goodbye(let reason, let reconnect, let milliseconds) = event {
            self = .goodbye(reason: reason, reconnect: reconnect, retryAfterMilliseconds: milliseconds)
        } else {
            self.init(event)
        }
    }
}
