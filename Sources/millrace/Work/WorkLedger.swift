import MillraceClient

/// Prints and commits, in this order, for the tasks of one worker.
///
/// A record is printed and noted in one step, so that a commit never covers a record that was not printed, and the last
/// commit covers every record that was.
actor WorkLedger {
    private let client: MillraceClient
    private let print: @Sendable (ReceivedRecord) throws -> Void
    private var membership: GroupMembership?
    private var positions = WorkPositions()
    private var countSinceCommit = 0
    private var isStopped = false

    init(client: MillraceClient, print: @escaping @Sendable (ReceivedRecord) throws -> Void) {
        self.client = client
        self.print = print
    }

    /// Whether the worker is in its group and has committed everything that it printed.
    var isSettled: Bool { membership != nil && positions.isSettled }

    /// The worker is in, as this member.
    func joined(_ membership: GroupMembership) {
        if let former = self.membership, former.member != membership.member { positions.reset() }
        self.membership = membership
    }

    /// The worker owns these.
    func assigned(_ partitions: [GroupPartition]) {
        positions.assign(partitions)
    }

    /// The worker has lost these.
    func revoked(_ partitions: [GroupPartition]) {
        positions.revoke(partitions)
    }

    /// Prints a record, unless this worker did already or has stopped; returns how many await a commit.
    func deliver(_ record: ReceivedRecord) throws -> Int {
        guard !isStopped, positions.isNew(record) else { return countSinceCommit }
        try print(record)
        positions.printed(record)
        countSinceCommit += 1
        return countSinceCommit
    }

    /// Nothing is printed from now on.
    func stop() {
        isStopped = true
    }

    /// Commits what was printed.
    ///
    /// Two commits may be under way at once: the broker answers `outdated` to the lower offset of a partition.
    func commit() async throws(MillraceError) {
        let offsets = positions.uncommitted
        guard let membership, !offsets.isEmpty else { return }
        countSinceCommit = 0
        let results = try await client.commit(membership, offsets: offsets)
        for refused in positions.settle(results, of: offsets) {
            StandardError.note("the commit on \(refused.topic)/\(refused.partition) was refused: \(refused.result)")
        }
    }

    /// Gives the partitions back once the broker has noticed that the connection is gone; false when it has not yet.
    ///
    /// What was sent and not printed would otherwise wait for the commit timeout before another worker gets it. While the
    /// member counts as connected, the broker might hand the partitions out to it again.
    func giveBack() async throws(MillraceError) -> Bool {
        guard let membership else { return true }
        let members = try await client.group(membership.group).value.members
        guard let member = members.first(where: { $0.member == membership.member }) else { return true }
        if member.connected { return false }
        if !member.partitions.isEmpty { try await client.commit(membership, offsets: [], release: member.partitions) }
        return true
    }
}
