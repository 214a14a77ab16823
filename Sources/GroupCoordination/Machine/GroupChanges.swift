import RecordFormat

/// What a command has touched, collected while it is carried out, so that each thing is stored and said once.
///
/// Records are made at the end from the state reached: a partition that is released and given away within one command
/// is one record. Events of one member leave in an order that makes sense to it: what it lost before what it got.
struct GroupChanges: Sendable {
    var isGroupChanged = false
    var isEpochRaised = false
    /// The group has ended: what was stored of it gets tombstones.
    var isEnded = false
    /// Partitions were shared out anew, whether any moved or not.
    var isReconciled = false
    var members: Set<MemberID> = []
    var partitions: Set<TopicPartition> = []
    var commits: Set<TopicPartition> = []

    var replies: [GroupReply] = []
    var bound: [(ConnectionID, MemberID)] = []
    var unbound: [ConnectionID] = []
    var startsToResolve: [StartPartition] = []
    var resetsToResolve: [StartRequest] = []

    /// Who held the partitions whose holders have changed.
    private(set) var formerHolders: [TopicPartition: MemberID?] = [:]
    /// Who was asked to finish.
    private(set) var askedBack: [TopicPartition: MemberID] = [:]
    private(set) var goodbyes: [GroupEvent] = []
    private(set) var assigned: [MemberID: [AssignedPartition]] = [:]
    private(set) var revoked: [MemberID: [RevokedPartition]] = [:]
    private(set) var revoking: [MemberID: Urgent] = [:]
    private(set) var warnings: [MemberID: Urgent] = [:]

    /// Partitions with the time that is left for the most urgent of them.
    struct Urgent: Sendable {
        var partitions: [LeasePartition] = []
        var deadlineMilliseconds = Int64.max
    }

    mutating func reply(_ request: RequestID, _ body: GroupReply.Body) {
        replies.append(GroupReply(request: request, body: body))
    }

    /// Ends a connection.
    ///
    /// Whatever else was collected for its member is for the next one.
    mutating func goodbye(
        _ connection: ConnectionID,
        _ group: GroupName,
        _ member: MemberID,
        _ reason: GoodbyeReason,
        reconnect: Bool = false
    ) {
        goodbyes.append(
            GroupEvent(
                connection: connection,
                group: group,
                member: member,
                body: .goodbye(reason, reconnect: reconnect)
            )
        )
        unbound.append(connection)
    }

    /// Remembers the first holder that a partition had in this command.
    mutating func noteHolder(_ member: MemberID?, of partition: TopicPartition) {
        guard formerHolders[partition] == nil else { return }
        formerHolders[partition] = .some(member)
    }

    /// Remembers that a holder was asked to finish, or drains.
    mutating func noteAskedBack(_ partition: TopicPartition, from member: MemberID) {
        askedBack[partition] = member
    }

    mutating func assign(_ partition: AssignedPartition, to member: MemberID) {
        assigned[member, default: []].append(partition)
    }

    /// Makes sure that the member is told something, if only that there is nothing for it.
    mutating func announce(to member: MemberID) {
        assigned[member, default: []] += []
    }

    mutating func revoke(_ partition: RevokedPartition, from member: MemberID) {
        revoked[member, default: []].append(partition)
    }

    mutating func askBack(_ partition: LeasePartition, from member: MemberID, deadlineMilliseconds: Int64) {
        revoking[member, default: Urgent()].add(partition, deadlineMilliseconds)
    }

    mutating func warn(_ member: MemberID, of partition: LeasePartition, deadlineMilliseconds: Int64) {
        warnings[member, default: Urgent()].add(partition, deadlineMilliseconds)
    }
}

extension GroupChanges.Urgent {
    fileprivate mutating func add(_ partition: LeasePartition, _ milliseconds: Int64) {
        partitions.append(partition)
        deadlineMilliseconds = max(0, min(deadlineMilliseconds, milliseconds))
    }
}
