import MillraceClient
import ServiceLifecycle

/// One worker of a group: reads its stream, prints, commits in time, and leaves in good order.
struct Worker: Service {
    /// What a worker is told.
    struct Settings: Sendable {
        /// How to join.
        let join: GroupJoinOptions
        /// Commit after so many records; nil never commits.
        let commitRecords: Int?
        /// Commit after this time.
        let commitInterval: Duration
        /// End when the group has nothing left to do.
        let endsWhenCaughtUp: Bool
    }

    /// Why a worker ended that was not asked to.
    struct Ended: Error, CustomStringConvertible {
        let description: String
    }

    /// How often the group is asked for its lag.
    private static let lagInterval = Duration.milliseconds(200)
    /// How long the last commit is tried.
    private static let leavingMax = Duration.seconds(5)

    let client: MillraceClient
    let ledger: WorkLedger
    let settings: Settings

    /// What ended the work.
    private enum Reason {
        case caughtUp
        case shutdown
    }

    /// Works until the group is caught up (if so told), the shutdown, or the end of the membership.
    func run() async throws {
        switch try await work() {
        case .caughtUp: return
        case .shutdown: await giveBack()
        }
    }

    private func work() async throws -> Reason {
        try await withThrowingTaskGroup(of: Reason?.self) { tasks in
            tasks.addTask { try await read() }
            tasks.addTask { await commitInTime() }
            tasks.addTask { await waitForShutdown() }
            if settings.endsWhenCaughtUp { tasks.addTask { await waitUntilCaughtUp() } }
            defer { tasks.cancelAll() }
            do {
                while let reason = try await tasks.next() {
                    guard let reason else { continue }
                    // The stream is still open while the last commit is sent: the member leaves with its work done.
                    await ledger.stop()
                    try await commitLast()
                    return reason
                }
                return .shutdown
            } catch {
                // What was printed before counts, whatever ended the stream.
                await ledger.stop()
                try? await commitLast()
                throw error
            }
        }
    }

    /// Reads the stream to its end, which is an error unless the task was cancelled.
    private func read() async throws -> Reason? {
        for try await event in client.joinGroup(settings.join) {
            try await handle(event)
        }
        throw Ended(description: "the group's stream ended")
    }

    private func handle(_ event: GroupEvent) async throws {
        switch event {
        case .record(let record):
            let count = try await ledger.deliver(record)
            if let commitRecords = settings.commitRecords, count >= commitRecords { await commit() }
        case .joined(let membership):
            await ledger.joined(membership)
            StandardError.note("joined \(membership.group) as \(membership.member)")
        case .assigned(_, let partitions):
            await ledger.assigned(partitions)
            StandardError.note("assigned \(Self.names(partitions))")
        case .revoking(let partitions, _):
            await commit()
            StandardError.note("revoking \(Self.names(partitions))")
        case .revoked(let partitions):
            await ledger.revoked(partitions)
            StandardError.note("revoked \(Self.names(partitions))")
        case .paused, .leaseWarning: await commit()
        case .gap(let gap):
            StandardError.note(
                "offsets \(gap.from) to \(gap.to - 1) of \(gap.topic)/\(gap.partition) were removed before they came"
            )
        case .disconnected(let error, let delay): StandardError.note("\(error); again in \(delay.rounded)")
        case .goodbye(let goodbye): try bid(goodbye)
        case .resumed, .bookmark, .other: break
        }
    }

    private func bid(_ goodbye: Goodbye) throws {
        guard goodbye.reconnect else {
            throw Ended(description: "the broker ended the membership: \(goodbye.reason)")
        }
        StandardError.note("the broker ends the stream (\(goodbye.reason)); reconnecting")
    }

    /// Commits now; a failure is no reason to stop, because the next commit covers it.
    private func commit() async {
        guard settings.commitRecords != nil else { return }
        do {
            try await ledger.commit()
        } catch {
            StandardError.note("not committed yet: \(error)")
        }
    }

    private func commitInTime() async -> Reason? {
        while (try? await Task.sleep(for: settings.commitInterval)) != nil { await commit() }
        return nil
    }

    private func waitForShutdown() async -> Reason? {
        // Cancelled when something else ended the work: then there is nothing to add.
        (try? await gracefulShutdown()).map { .shutdown }
    }

    private func waitUntilCaughtUp() async -> Reason? {
        while (try? await Task.sleep(for: Self.lagInterval)) != nil {
            guard await ledger.isSettled else { continue }
            // A broker that does not answer just now is asked again; the stream says that it is gone.
            if let report = try? await client.group(settings.join.group).value, report.lag == 0 { return .caughtUp }
        }
        return nil
    }

    /// Commits what was printed, trying for a while.
    private func commitLast() async throws {
        guard settings.commitRecords != nil else { return }
        let deadline = ContinuousClock.now + Self.leavingMax
        var backoff = Backoff()
        while true {
            do {
                return try await ledger.commit()
            } catch {
                guard error.isWorthReconnecting, ContinuousClock.now < deadline else {
                    throw Ended(
                        description: "what was printed last is not committed and will be printed again: \(error)"
                    )
                }
                try await Task.sleep(for: backoff.next())
            }
        }
    }

    /// Lets others go on at once where this worker ended; a static member keeps its place instead.
    ///
    /// A failure costs time only: the broker takes the partitions back after the commit timeout.
    private func giveBack() async {
        guard settings.join.instance == nil else { return }
        let deadline = ContinuousClock.now + Self.leavingMax
        while ContinuousClock.now < deadline, (try? await ledger.giveBack()) == false {
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func names(_ partitions: [GroupPartition]) -> String {
        partitions.isEmpty
            ? "nothing: standing by" : partitions.map { "\($0.topic)/\($0.partition)" }.joined(separator: " ")
    }
}
