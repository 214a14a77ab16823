extension GroupMember {
    /// Notes that a record, and all before it in its partition, are processed: it is committed soon.
    ///
    /// That is within `commitInterval`, and before the member leaves or loses the partition in good order. Nothing is
    /// awaited here; a crash before the commit means that the record comes again.
    public func processed(_ record: GroupRecord) {
        state.withLock { $0.ledger.process(record.commitOffset) }
        dirty.set()
    }

    /// Commits a record, and all before it in its partition; durable when it returns.
    ///
    /// - Throws: `refused` with the code `fenced` when the partition is not this member's any more: another one is given the
    ///   record. The transport's errors, too; what was noted is tried again by itself then.
    public func commit(_ record: GroupRecord) async throws(MillraceError) {
        state.withLock { $0.ledger.process(record.commitOffset) }
        let refused = try await commitOnce()
        if let result = refused.first(where: { $0.topic == record.topic && $0.partition == record.partition }) {
            throw .refused(Problem(refusal: result))
        }
    }

    /// Commits everything that was noted as processed; durable when it returns.
    ///
    /// - Returns: what the broker refused: partitions that are not this member's any more.
    /// - Throws: the transport's errors; it is tried again by itself then.
    @discardableResult
    public func commitProcessed() async throws(MillraceError) -> [CommitResult] {
        try await commitOnce()
    }

    /// Tells the broker that a slow record is still being worked on: its partition's commit timeout begins anew.
    public func progress(_ record: GroupRecord) async throws(MillraceError) {
        guard isCurrent(record), let membership else { return }
        let partition = GroupPartition(topic: record.topic, partition: record.partition)
        try await client.commit(membership, offsets: [], progress: [partition])
    }

    /// Gives partitions back: what is not committed of them is delivered again, perhaps to this member.
    public func release(_ partitions: [GroupPartition]) async throws(MillraceError) {
        guard let membership, !partitions.isEmpty else { return }
        state.withLock { $0.ledger.revoke(partitions) }
        try await client.commit(membership, offsets: [], release: partitions)
    }

    /// Commits what was processed, then gives back what is to be given up and has nothing at work any more.
    func commitOnce() async throws(MillraceError) -> [CommitResult] {
        let (offsets, membership) = state.withLock { ($0.ledger.uncommitted, $0.membership) }
        guard let membership else { return [] }
        var refused: [CommitResult] = []
        if !offsets.isEmpty {
            let results = try await client.commit(membership, offsets: offsets)
            refused = state.withLock { $0.ledger.settle(results, of: offsets) }
        }
        let drained = state.withLock { $0.ledger.takeDrained() }
        if !drained.isEmpty { try await client.commit(membership, offsets: [], release: drained) }
        if refused.contains(where: \.isRetryable) { dirty.set() }
        if !refused.isEmpty { await settings.callbacks.refused?(refused) }
        return refused
    }

    /// Commits what is noted, as long as the member lives.
    func commitInTime() async {
        var backoff = client.configuration.backoff
        while !Task.isCancelled {
            await dirty.wait()
            await urgent.wait(atMost: settings.commitInterval)
            do throws(MillraceError) {
                _ = try await commitOnce()
                backoff.reset()
            } catch {
                if Task.isCancelled { return }
                await settings.callbacks.commitFailed?(error)
                try? await Task.sleep(for: max(backoff.next(), error.problem?.retryAfter ?? .zero))
                dirty.set()
            }
        }
    }

    /// Commits what was processed before the member ends, trying for a while; returns why that failed.
    func commitLast() async -> MillraceError? {
        let deadline = ContinuousClock.now + settings.leavingMax
        var backoff = client.configuration.backoff
        while true {
            do throws(MillraceError) {
                _ = try await commitOnce()
                return nil
            } catch {
                guard error.isWorthReconnecting, ContinuousClock.now < deadline else { return error }
                try? await Task.sleep(for: backoff.next())
            }
        }
    }
}

extension Problem {
    /// The refusal of one commit, as an answer to one commit alone would word it.
    fileprivate init(refusal result: CommitResult) {
        self.init(
            status: 409,
            code: result.result,
            title: "The commit was refused",
            detail: "\(result.topic)/\(result.partition) was not committed: \(result.result)",
            isRetryable: false,
            hasNoSideEffects: true
        )
    }
}
