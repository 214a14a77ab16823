extension MillraceClient {
    /// A stream that joins a group when it is iterated: one iteration is one member.
    public func joinGroup(_ options: GroupJoinOptions) -> GroupStream {
        GroupStream(client: self, options: options)
    }

    /// Commits offsets, renews the leases of partitions named in `progress`, and gives back those in `release`.
    ///
    /// Durable when it returns. Repeating it is harmless: an offset that is in force already is `outdated` or
    /// `committed` again. Of `progress` and `release`, what the broker refuses is not this member's, and left out.
    ///
    /// - Returns: one result an offset; a fenced one does not throw, because others of the same request may be in force.
    /// - Throws: `refused` with the code `session-expired` or `invalid-session`, and the transport's errors.
    @discardableResult
    public func commit(
        _ membership: GroupMembership,
        offsets: [CommitOffset],
        progress: [GroupPartition] = [],
        release: [GroupPartition] = []
    ) async throws(MillraceError) -> [CommitResult] {
        var results: [CommitResult] = []
        // Offsets first: a partition is given back with its work committed.
        for some in offsets.chunks(of: Self.commitItemsMax) {
            results += try await send(membership, some, WireCommit(session: membership.session, offsets: some))
        }
        for some in progress.chunks(of: Self.commitItemsMax) {
            let partitions = some.map(WirePartition.init)
            _ = try await send(membership, [], WireCommit(session: membership.session, progress: partitions))
        }
        for some in release.chunks(of: Self.commitItemsMax) {
            let partitions = some.map(WirePartition.init)
            _ = try await send(membership, [], WireCommit(session: membership.session, release: partitions))
        }
        return results
    }

    /// All groups, sorted by name.
    public func groups() async throws(MillraceError) -> Answer<[GroupSummary]> {
        struct List: Decodable { let groups: [GroupSummary] }
        let list = try await call(.GET, "/v1/groups", as: List.self)
        return Answer(value: list.value.groups, json: list.json)
    }

    /// One group: members, assignment, committed offsets, lag.
    public func group(_ name: String) async throws(MillraceError) -> Answer<GroupReport> {
        try await call(.GET, ServerAddress.target(["v1", "groups", name]))
    }

    /// The most items that the broker takes in one commit.
    private static let commitItemsMax = 1000

    private func send(
        _ membership: GroupMembership,
        _ offsets: [CommitOffset],
        _ document: WireCommit
    ) async throws(MillraceError) -> [CommitResult] {
        let target = ServerAddress.target(["v1", "groups", membership.group, "commits"])
        let body = try RequestBody.json(document)
        do {
            return try await call(.POST, target, body: body, as: WireCommitAnswer.self).value.results
        } catch {
            // A request of which nothing landed is answered as a refusal, with the same results inside.
            guard let results = refusedResults(error, of: offsets) else { throw error }
            return results
        }
    }

    private func refusedResults(_ error: MillraceError, of offsets: [CommitOffset]) -> [CommitResult]? {
        guard let problem = error.problem, problem.status == 409 || problem.status == 416 else { return nil }
        return offsets.map { CommitResult(topic: $0.topic, partition: $0.partition, result: problem.code) }
    }
}

private struct WireCommit: Encodable {
    let session: String
    var offsets: [CommitOffset]?
    var progress: [WirePartition]?
    var release: [WirePartition]?
}

private struct WirePartition: Encodable {
    let topic: String
    let partition: Int32

    init(_ partition: GroupPartition) {
        topic = partition.topic
        self.partition = partition.partition
    }
}

private struct WireCommitAnswer: Decodable {
    let results: [CommitResult]
}

extension Array {
    /// Pieces of at most so many elements; none of an empty array.
    fileprivate func chunks(of max: Int) -> [[Element]] {
        stride(from: 0, to: count, by: max).map { Array(self[$0..<Swift.min($0 + max, count)]) }
    }
}
