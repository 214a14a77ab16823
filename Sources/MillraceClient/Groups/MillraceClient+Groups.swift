extension MillraceClient {
    /// A stream that joins a group when it is iterated: one iteration is one member.
    public func joinGroup(_ options: GroupJoinOptions) -> GroupStream {
        GroupStream(client: self, options: options)
    }

    /// Commits offsets, and gives partitions back that are named in `release`.
    ///
    /// Durable when it returns. Repeating it is harmless: an offset that is in force already is `outdated` or
    /// `committed` again.
    ///
    /// - Returns: one result an offset; a fenced one does not throw, because others of the same request may be in force.
    /// - Throws: `refused` with the code `session-expired` or `invalid-session`, and the transport's errors.
    @discardableResult
    public func commit(
        _ membership: GroupMembership,
        offsets: [CommitOffset],
        release: [GroupPartition] = []
    ) async throws(MillraceError) -> [CommitResult] {
        var results: [CommitResult] = []
        var (offsets, release) = (offsets[...], release[...])
        // Offsets first: a partition is given back with its work committed.
        repeat {
            let some = offsets.prefix(Self.commitItemsMax)
            let given = release.prefix(Self.commitItemsMax - some.count)
            results += try await commitOnce(membership, Array(some), Array(given))
            offsets = offsets.dropFirst(some.count)
            release = release.dropFirst(given.count)
        } while !offsets.isEmpty || !release.isEmpty
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

    private func commitOnce(
        _ membership: GroupMembership,
        _ offsets: [CommitOffset],
        _ release: [GroupPartition]
    ) async throws(MillraceError) -> [CommitResult] {
        let document = WireCommit(
            session: membership.session,
            offsets: offsets,
            release: release.isEmpty ? nil : release.map { WirePartition(topic: $0.topic, partition: $0.partition) }
        )
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
        guard let problem = error.problem, problem.status == 409 else { return nil }
        return offsets.map { CommitResult(topic: $0.topic, partition: $0.partition, result: problem.code) }
    }
}

private struct WireCommit: Encodable {
    let session: String
    let offsets: [CommitOffset]
    let release: [WirePartition]?
}

private struct WirePartition: Encodable {
    let topic: String
    let partition: Int32
}

private struct WireCommitAnswer: Decodable {
    let results: [CommitResult]
}
