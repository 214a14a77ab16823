import GroupCoordination
import RecordFormat

/// Members that are there by their requests, on whatever connection these come.
extension Broker {
    /// Joins a group, or comes back, as a member that is there by its requests.
    ///
    /// Durable on return. Whoever comes back is given again what it has not committed.
    public func joinExplicitly(_ request: GroupJoinRequest) async throws(BrokerError) -> ExplicitMembership {
        guard phase == .ready else { throw .draining }
        let member = ExplicitMember(maxInFlight: try maxInFlight(of: request))
        let session = try await open(member, request)
        return ExplicitMembership(
            member: session.member,
            groupEpoch: session.groupEpoch,
            sessionTimeoutMilliseconds: session.joined.sessionTimeoutMilliseconds,
            commitTimeoutMilliseconds: session.joined.commitTimeoutMilliseconds
        )
    }

    /// A sign of life of a member, however it is there.
    public func heartbeat(_ identity: MemberIdentity) async throws(BrokerError) -> MemberStanding {
        guard phase == .ready else { throw .draining }
        let standing = try await beat(identity)
        guard let session = explicitMembers.find(identity)?.session else { return standing }
        // What its last answer told: news come with the next one.
        return MemberStanding(
            groupEpoch: standing.groupEpoch,
            partitions: session.mailbox.owned.map { .init(partition: $0.partition, epoch: $0.epoch) },
            sessionTimeoutMilliseconds: standing.sessionTimeoutMilliseconds
        )
    }

    /// A member leaves: nothing is waited for.
    ///
    /// Durable on return.
    public func leave(_ identity: MemberIdentity) async throws(BrokerError) {
        guard phase == .ready else { throw .draining }
        let id = RequestID.next()
        let leave = GroupLeave(request: id, group: identity.group, member: MemberID(identity.member))
        let body = try await coordinator(of: identity.group).ask(request: id) { (_) throws(BrokerError) in .leave(leave)
        }
        switch body {
        case .left: return
        case .refused(let refusal): throw BrokerError(refusal, group: identity.group)
        default: preconditionFailure("a leave was answered with \(body)")
        }
    }

    /// A sign of life, also while the broker drains.
    func beat(_ identity: MemberIdentity) async throws(BrokerError) -> MemberStanding {
        let id = RequestID.next()
        let heartbeat = GroupHeartbeat(request: id, group: identity.group, member: MemberID(identity.member))
        let body = try await coordinator(of: identity.group).ask(request: id) { (_) throws(BrokerError) in
            .heartbeat(heartbeat)
        }
        switch body {
        case .alive(let living): return MemberStanding(living)
        case .refused(let refusal): throw BrokerError(refusal, group: identity.group)
        default: preconditionFailure("a heartbeat was answered with \(body)")
        }
    }

    /// Opens a session for a member, new or known, and lets it be the member's.
    ///
    /// When the session ends, its entry and its address go: nobody may ever ask again.
    func open(
        _ member: ExplicitMember,
        _ request: GroupJoinRequest,
        check: (GroupShard) throws(BrokerError) -> Void = { (_) throws(BrokerError) in }
    ) async throws(BrokerError) -> GroupMemberSession {
        let coordinator = coordinator(of: request.group)
        let (members, group) = (explicitMembers, request.group)
        let mailbox = MemberMailbox(connection: .next(), maxInFlight: member.maxInFlight) { [weak member] mailbox in
            coordinator.forget(mailbox, [])
            guard let member, let session = member.session, session.mailbox === mailbox else { return }
            members.remove(member, group, session.member)
        }
        // What the former session is told of its end does not concern the member.
        member.open(nil)
        let session = try await openSession(request, by: .heartbeats, coordinator, mailbox, check: check)
        member.open(session)
        members.put(member, group, session.member)
        // Its end may have come before it was entered.
        if mailbox.isEnding { members.remove(member, group, session.member) }
        return session
    }
}

extension MemberStanding {
    fileprivate init(_ living: LivingMember) {
        self.init(
            groupEpoch: living.groupEpoch.value,
            partitions: living.assignment.map { Held(partition: $0.partition, epoch: $0.epoch.value) },
            sessionTimeoutMilliseconds: living.sessionTimeoutMilliseconds
        )
    }
}
