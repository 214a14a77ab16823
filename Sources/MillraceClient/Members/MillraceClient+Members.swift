import NIOCore

extension MillraceClient {
    /// Joins a group, runs `body` with the member, and leaves in good order, also when `body` throws.
    ///
    /// Before it leaves, everything that was noted as processed is committed. A dynamic member's partitions then move at
    /// once; a static one (`instance`) keeps its place for the session timeout, so that its next process finds it.
    ///
    /// - Throws: what `body` throws; else why the last commit failed: what it was about will be delivered again.
    public func withGroupMember<Result>(
        _ options: GroupJoinOptions,
        _ settings: MemberSettings = MemberSettings(),
        _ body: (GroupMember) async throws -> Result
    ) async throws -> Result {
        let member = GroupMember(client: self, options: options, settings: settings)
        let pump = Task { await member.pump() }
        let commits = Task { await member.commitInTime() }
        let result: Result
        do {
            result = try await body(member)
        } catch {
            _ = await member.close(pump, commits)
            throw error
        }
        if let error = await member.close(pump, commits) { throw error }
        return result
    }

    /// Ends a membership: its partitions move at once, and what is not committed is delivered again.
    public func leaveGroup(_ membership: GroupMembership) async throws(MillraceError) {
        let path = ["v1", "groups", membership.group, "members", membership.member]
        _ = try await answer(.DELETE, ServerAddress.target(path, query: [("session", membership.session)]))
    }
}

extension GroupMember {
    /// Commits for the last time, leaves, closes the connection; returns why the last commit failed.
    ///
    /// A task of its own does it: it is done also when the caller's was cancelled.
    func close(_ pump: Task<Void, Never>, _ commits: Task<Void, Never>) async -> MillraceError? {
        stop()
        return await Task {
            commits.cancel()
            await commits.value
            let error = await commitLast()
            // The stream is still open while the last commit is sent: the member leaves with its work done.
            pump.cancel()
            await pump.value
            if options.instance == nil { await leave() }
            return error
        }.value
    }

    /// Lets others go on at once where this member ended.
    ///
    /// A failure costs time only: the broker takes the partitions back after the commit timeout.
    private func leave() async {
        guard let membership else { return }
        let deadline = ContinuousClock.now + settings.leavingMax
        var backoff = client.configuration.backoff
        while true {
            do throws(MillraceError) {
                return try await client.leaveGroup(membership)
            } catch {
                guard error.isWorthReconnecting, ContinuousClock.now < deadline else { return }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }
}
