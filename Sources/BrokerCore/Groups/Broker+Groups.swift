import GroupCoordination
public import RecordFormat

extension Broker {
    /// Joins a group, or resumes a session; the session is the member until it is closed.
    public func joinGroup(_ request: GroupJoinRequest) async throws(BrokerError) -> any GroupSession {
        guard phase == .ready else { throw .draining }
        let coordinator = coordinator(of: request.group)
        let mailbox = MemberMailbox(connection: .next(), maxInFlight: try maxInFlight(of: request))
        return try await openSession(request, by: .connection, coordinator, mailbox)
    }

    /// What may be delivered to a member and uncommitted.
    func maxInFlight(of request: GroupJoinRequest) throws(BrokerError) -> DeliveryLoad {
        let records = request.maxInFlight ?? limits.maxInFlightRecords
        guard records >= 1, records <= limits.maxInFlightRecordsMax else {
            throw .invalid("maxInFlight must be 1 to \(limits.maxInFlightRecordsMax), not \(records)")
        }
        let bytes = request.maxInFlightBytes ?? limits.maxInFlightBytes.value
        guard bytes >= 1, bytes <= limits.maxInFlightBytesMax.value else {
            throw .invalid("maxInFlightBytes must be 1 to \(limits.maxInFlightBytesMax.value), not \(bytes)")
        }
        return DeliveryLoad(records: Int64(records), bytes: Int64(bytes))
    }

    /// Joins, or comes back, and opens the session of a mailbox.
    ///
    /// - Parameter check: looks at the shard as it is before the command, and may refuse.
    func openSession(
        _ request: GroupJoinRequest,
        by presence: GroupPresence,
        _ coordinator: GroupCoordinator,
        _ mailbox: MemberMailbox,
        check: (GroupShard) throws(BrokerError) -> Void = { (_) throws(BrokerError) in }
    ) async throws(BrokerError) -> GroupMemberSession {
        let joined = try await join(request, presence, coordinator, mailbox, check)
        return GroupMemberSession(joined, mailbox: mailbox, environment: sessionEnvironment(coordinator))
    }

    /// All groups of a namespace, sorted by name.
    public func groups(in namespace: Namespace) -> [GroupSummary] {
        var summaries: [GroupSummary] = []
        for coordinator in coordinators {
            let groups = coordinator.inspect { $0.groups() }
            for group in groups where group.group.namespace == namespace { summaries.append(GroupSummary(group)) }
        }
        return summaries.sorted { $0.name < $1.name }
    }

    /// One group: members, assignment, committed offsets, lag.
    public func group(_ name: GroupName) throws(BrokerError) -> GroupReport {
        guard let description = coordinator(of: name).inspect({ $0.describe(name) }) else {
            throw .groupNotFound(name)
        }
        return GroupReport(description, registry: registry)
    }

    /// The shard of a group: fixed by its name, for the number of shards is fixed in the data directory.
    func coordinator(of group: GroupName) -> GroupCoordinator {
        var name = "\(group.namespace.value)/\(group.name)"
        let index = name.withUTF8 {
            Murmur2.partition(key: UnsafeRawBufferPointer($0), count: Int32(coordinators.count))
        }
        return coordinators[Int(index.value)]
    }

    private func join(
        _ request: GroupJoinRequest,
        _ presence: GroupPresence,
        _ coordinator: GroupCoordinator,
        _ mailbox: MemberMailbox,
        _ check: (GroupShard) throws(BrokerError) -> Void
    ) async throws(BrokerError) -> JoinedMember {
        let id = RequestID.next()
        let registry = registry
        let body: GroupReply.Body
        do throws(BrokerError) {
            body = try await coordinator.ask(request: id, mailbox: mailbox) { (shard) throws(BrokerError) in
                try check(shard)
                guard let member = request.resume else {
                    return .join(try request.command(id, mailbox.connection, presence, registry))
                }
                return .reconnect(
                    GroupReconnect(
                        request: id,
                        connection: mailbox.connection,
                        presence: presence,
                        group: request.group,
                        member: MemberID(member)
                    )
                )
            }
        } catch {
            coordinator.forget(mailbox, [])
            throw error
        }
        switch body {
        case .joined(let joined):
            return joined
        case .refused(let refusal):
            coordinator.forget(mailbox, [])
            throw BrokerError(refusal, group: request.group)
        default:
            preconditionFailure("a join was answered with \(body)")
        }
    }

    private func sessionEnvironment(_ coordinator: GroupCoordinator) -> GroupMemberSession.Environment {
        let logger = logger
        return GroupMemberSession.Environment(
            registry: registry,
            coordinator: coordinator,
            pool: readPool,
            clock: clock,
            bytesPerStep: limits.readBytesPerStep.value,
            report: { logger.error("\($0)") }
        )
    }

    /// A committed offset beyond the end cannot come from this log: it is told, never kept silently (rule 24).
    func reportCommitsBeyondTheEnd() {
        for coordinator in coordinators {
            for summary in coordinator.inspect({ $0.groups() }) {
                guard let group = coordinator.inspect({ $0.describe(summary.group) }) else { continue }
                for partition in group.partitions {
                    guard let committed = partition.committed,
                        let end = try? registry.partition(partition.partition).visible, committed > end
                    else { continue }
                    logger.warning(
                        "group \(group.group) has committed \(committed) in \(partition.partition), which ends at \(end)"
                    )
                }
            }
        }
    }
}

extension GroupJoinRequest {
    /// The command of a new member, with the topics as they are.
    fileprivate func command(
        _ request: RequestID,
        _ connection: ConnectionID,
        _ presence: GroupPresence,
        _ registry: TopicRegistry
    ) throws(BrokerError) -> GroupJoin {
        GroupJoin(
            request: request,
            connection: connection,
            presence: presence,
            group: group,
            member: .random(),
            instance: instance,
            topics: try registry.groupDescriptions(of: topics),
            start: start.ofGroup,
            commitTimeoutMilliseconds: commitTimeoutMilliseconds
        )
    }
}

extension MemberID {
    /// An id that nobody can guess: `m_` and 16 hexadecimal digits.
    static func random() -> MemberID {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return MemberID("m_" + String(repeating: "0", count: 16 - digits.utf8.count) + digits)
    }
}
