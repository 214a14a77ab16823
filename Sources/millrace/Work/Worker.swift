import MillraceClient
import ServiceLifecycle

/// One worker of a group: works on what its membership brings, and leaves in good order.
struct Worker: Service {
    /// What a worker does with its records.
    enum Job: Sendable {
        /// Prints them.
        case print(WorkPrinter)
        /// Runs a command for so many partitions at once, with at most so many records at a time.
        case run(WorkHandler, parallel: Int, batchMax: Int)
    }

    /// What worked did not end in time after a signal.
    struct Overdue: Error, CustomStringConvertible {
        let description: String
    }

    /// How often the group is asked for its lag.
    private static let lagInterval = Duration.milliseconds(200)

    let client: MillraceClient
    let join: GroupJoinOptions
    let settings: MemberSettings
    let job: Job
    /// End when the group has nothing left to do.
    let endsWhenCaughtUp: Bool
    /// How long commands may go on after the shutdown began.
    let graceMax: Duration

    /// Works until the group is caught up (if so told), the shutdown, or the end of the membership.
    func run() async throws {
        try await client.withGroupMember(join, settings) { member in
            try await withThrowingTaskGroup(of: Outcome.self) { tasks in
                tasks.addTask { try await work(member) }
                tasks.addTask { try await stopAtShutdown(member) }
                if endsWhenCaughtUp { tasks.addTask { await stopWhenCaughtUp(member) } }
                if case .run(let handler, _, _) = job { tasks.addTask { await show(handler.progress) } }
                defer { tasks.cancelAll() }
                // The work's end is what is waited for, or somebody's error.
                while let outcome = try await tasks.next(), outcome != .worked {}
            }
        }
        if case .run(let handler, _, _) = job { handler.progress.showTotal() }
    }

    /// What a part of the worker says at its end.
    private enum Outcome {
        case worked
        case other
    }

    private func work(_ member: GroupMember) async throws -> Outcome {
        switch job {
        case .print(let printer): try await printer.run(member)
        case .run(let handler, let parallel, let batchMax):
            try await member.process(parallel: parallel, batchMax: batchMax) { records in
                try await handler.handle(records, of: member)
            }
        }
        return .worked
    }

    private func stopAtShutdown(_ member: GroupMember) async throws -> Outcome {
        do {
            try await gracefulShutdown()
            member.stop()
            if case .run = job { StandardError.note("finishing what runs, for at most \(graceMax.rounded)") }
            try await Task.sleep(for: graceMax)
        } catch {
            // Cancelled, because the work has ended.
            return .other
        }
        throw Overdue(
            description: "what ran did not end within \(graceMax.rounded); it is not committed, and comes again"
        )
    }

    private func stopWhenCaughtUp(_ member: GroupMember) async -> Outcome {
        while (try? await Task.sleep(for: Self.lagInterval)) != nil {
            guard member.isSettled else { continue }
            // A broker that does not answer just now is asked again; the stream says that it is gone.
            guard let report = try? await client.group(join.group).value, report.lag == 0 else { continue }
            member.stop()
            break
        }
        return .other
    }

    private func show(_ progress: WorkProgress) async -> Outcome {
        await progress.show()
        return .other
    }
}
