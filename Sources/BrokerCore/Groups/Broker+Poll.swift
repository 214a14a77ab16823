import GroupCoordination
import RecordFormat

extension Broker {
    /// What there is for an explicit member: waits for the first thing to tell, and is a sign of life all the while.
    ///
    /// Its session is opened anew, and what is uncommitted delivered again, where this run of the broker has none of it, or
    /// where the member says that it has not got the last page.
    public func poll(_ poll: MemberPoll) async throws(BrokerError) -> MemberPage {
        guard phase == .ready else { throw .draining }
        let (group, id) = (poll.identity.group, poll.identity.member)
        let defaults = DeliveryLoad(
            records: Int64(limits.maxInFlightRecords),
            bytes: Int64(limits.maxInFlightBytes.value)
        )
        let member = explicitMembers.member(poll.identity, maxInFlight: defaults)
        guard await member.takeTurn() else { throw .pollSuperseded(group) }
        defer { member.giveTurn() }
        let (session, isNew): (GroupMemberSession, Bool)
        do throws(BrokerError) {
            (session, isNew) = try await self.session(of: member, poll)
        } catch {
            explicitMembers.remove(member, group, id)
            throw error
        }
        // Whoever came back is told at once what it owns: that is worth the moment until it is known.
        let soon = clock.now.advanced(byMilliseconds: Self.assignmentWaitMilliseconds)
        return try await collect(
            from: session,
            of: member,
            poll,
            until: isNew ? max(poll.deadline, soon) : poll.deadline
        )
    }

    /// The member's open session, where it has one and nothing of it was lost; else a new one.
    private func session(
        of member: ExplicitMember,
        _ poll: MemberPoll
    ) async throws(BrokerError) -> (session: GroupMemberSession, isNew: Bool) {
        let (group, id) = (poll.identity.group, poll.identity.member)
        if let session = member.session, coordinator(of: group).mailbox(of: MemberID(id)) === session.mailbox {
            guard let page = member.page, let after = poll.after, after != page else {
                _ = try await beat(poll.identity)
                return (session, false)
            }
        }
        let comeback = GroupJoinRequest(group: group, topics: [], resume: id, principal: poll.identity.principal)
        let session = try await open(member, comeback) { (shard) throws(BrokerError) in
            // Whoever streams is not sent away by a stray request for a page.
            let known = shard.describe(group)?.members.first { $0.id == MemberID(id) }
            if known?.presence == .connection { throw .memberConnected(group) }
        }
        return (session, true)
    }

    /// Takes what there is, and waits while there is nothing.
    private func collect(
        from session: GroupMemberSession,
        of member: ExplicitMember,
        _ poll: MemberPoll,
        until deadline: MonotonicInstant
    ) async throws(BrokerError) -> MemberPage {
        var page = PageInMaking(allowance: poll.allowance)
        let beatInterval = max(1, session.joined.sessionTimeoutMilliseconds / Self.beatsPerSessionTimeout)
        while page.hasRoom {
            let now = clock.now
            if page.isEmpty, member.isSuperseded { throw .pollSuperseded(poll.identity.group) }
            let next = min(deadline, now.advanced(byMilliseconds: beatInterval))
            let event = await session.next(deadline: page.isEmpty ? next : now, allowance: page.allowance)
            guard case .idle = event else {
                page.add(event)
                continue
            }
            if !page.isEmpty || clock.now >= deadline || Task.isCancelled { break }
            // A refusal has its own event, which comes next.
            _ = try? await beat(poll.identity)
        }
        // The time until the next request counts from the answer.
        var standing: MemberStanding?
        if !page.hasEnded { standing = try? await beat(poll.identity) }
        return page.finished(
            id: page.isEmpty ? member.page : nil,
            groupEpoch: standing?.groupEpoch ?? session.groupEpoch,
            session,
            member
        )
    }

    /// How often a poll that waits says that its member is there.
    private static let beatsPerSessionTimeout: Int64 = 3
    /// How long a poll that came back waits at least for the news of what it owns.
    private static let assignmentWaitMilliseconds: Int64 = 1000
}

/// A page while it is collected.
private struct PageInMaking {
    private(set) var allowance: DeliveryAllowance
    private(set) var hasEnded = false
    private var events: [GroupEvent] = []
    private var records: [ReadResult.Slice] = []

    init(allowance: DeliveryAllowance) {
        self.allowance = allowance
    }

    var isEmpty: Bool { events.isEmpty && records.isEmpty }

    /// Whether more may come.
    var hasRoom: Bool { !hasEnded && allowance.records > 0 && allowance.bytes > 0 }

    mutating func add(_ event: GroupEvent) {
        switch event {
        case .records(let slice, _):
            records.append(slice)
            let bytes = slice.batches.reduce(0) { $0 + Int64($1.encodedBytes.value) }
            // Counted by offsets and whole batches: never too little.
            allowance = DeliveryAllowance(
                records: allowance.records - slice.offsetCount,
                bytes: allowance.bytes - bytes
            )
        case .goodbye:
            hasEnded = true
            events.append(event)
        default:
            events.append(event)
        }
    }

    /// The page, under its name: that of the last one where there was nothing in it.
    func finished(
        id: String?,
        groupEpoch: Int64,
        _ session: GroupMemberSession,
        _ member: ExplicitMember
    ) -> MemberPage {
        let id = id ?? String(UInt64.random(in: .min ... .max), radix: 16)
        member.gave(id)
        return MemberPage(
            id: id,
            groupEpoch: groupEpoch,
            partitions: hasEnded ? [] : session.mailbox.owned,
            events: events,
            records: records
        )
    }
}
