extension GroupMember {
    /// What a call of ``process(parallel:batchMax:_:)`` throws to give up its records without ending the processing.
    ///
    /// For records that are not current any more, or whose turn did not come before the end.
    public struct NotProcessed: Error {
        /// Nothing more is to be said.
        public init() {}
    }

    /// Processes records of several partitions at once, those of one partition one call after the other, until ``stop()``.
    ///
    /// ```swift
    /// try await member.process(parallel: 4, batchMax: 100) { records in
    ///     try await index(records)
    /// }
    /// ```
    ///
    /// What a call was given is committed as soon as it returns. While calls run, the leases of their partitions, and of
    /// those that wait for their turn, are renewed, so that a call may take longer than the commit timeout. Of a
    /// partition that is to be given up nothing new is begun; a call that runs can finish, and its work is committed if it
    /// ends within the broker's deadline.
    ///
    /// - Parameters:
    ///   - parallel: The most calls at once.
    ///   - batchMax: The most records of one call; all of one partition, in their order, never none.
    ///   - handle: Processes records. An error ends the processing: calls that run are waited for, and it is thrown. Only
    ///     ``NotProcessed`` does not: the partition is given back, and its records are delivered again.
    /// - Throws: what `handle` throws, and why the membership has ended. Calls that run are cancelled only when the caller's
    ///   task is.
    public func process(
        parallel: Int = 4,
        batchMax: Int = 1,
        _ handle: @escaping @Sendable ([GroupRecord]) async throws -> Void
    ) async throws {
        precondition(parallel >= 1 && batchMax >= 1, "parallel \(parallel) and batchMax \(batchMax) are at least 1")
        let renewal = Task { await renewLeases() }
        defer { renewal.cancel() }
        try await withThrowingTaskGroup(of: Void.self) { lanes in
            for _ in 0..<parallel {
                lanes.addTask { try await self.work(batchMax, handle) }
            }
            var failure: (any Error)?
            while let result = await lanes.nextResult() {
                guard case .failure(let error) = result, failure == nil else { continue }
                failure = error
                stop()
            }
            if let failure { throw failure }
        }
    }

    /// One of the parallel lanes: takes, processes, notes, again and again.
    private func work(
        _ batchMax: Int,
        _ handle: @Sendable ([GroupRecord]) async throws -> Void
    ) async throws {
        while let batch = try await take(max: batchMax, holding: true) {
            defer { finish(batch) }
            do {
                try await handle(batch.records)
            } catch is NotProcessed {
                // The broker takes it back by itself, later, if this request does not reach it.
                try? await release([GroupPartition(topic: batch.key.topic, partition: batch.key.partition)])
                continue
            }
            guard let last = batch.records.last else { continue }
            state.withLock { $0.ledger.process(last.commitOffset) }
            dirty.set()
            urgent.set()
        }
    }

    /// Renews leases four times in a commit timeout, and whenever the broker warns.
    private func renewLeases() async {
        let timeout = options.commitTimeoutMilliseconds ?? Self.commitTimeoutMillisecondsUsual
        while !Task.isCancelled {
            await warned.wait(atMost: .milliseconds(timeout) / 4)
            let (partitions, membership) = state.withLock { ($0.ledger.unsettled, $0.membership) }
            guard let membership, !partitions.isEmpty, !Task.isCancelled else { continue }
            // A lease that is not renewed costs a second delivery at most, and the next round comes soon.
            _ = try? await client.commit(membership, offsets: [], progress: partitions)
        }
    }

    /// The broker's default; where the group's is shorter, its warning comes in time.
    private static let commitTimeoutMillisecondsUsual = 60_000
}
