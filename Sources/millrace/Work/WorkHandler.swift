import MillraceClient
import ServiceLifecycle

/// Runs a command for each record, or each batch, and again when it fails.
struct WorkHandler: Sendable {
    /// What to do with records whose command failed at every attempt.
    enum FailurePolicy: String, Sendable, CaseIterable {
        /// End with an error; the records stay uncommitted, and are delivered again.
        case stop
        /// Go on with the next records, as if it had succeeded.
        case skip
    }

    /// Records whose command failed at every attempt.
    struct GaveUp: Error, CustomStringConvertible {
        let description: String
    }

    /// The command and its arguments.
    let command: [String]
    /// Whether a call gets one record's value, or lines of records.
    let isBatch: Bool
    /// The most attempts.
    let attemptsMax: Int
    /// The delays between them.
    let retryDelays: Backoff
    /// How long an attempt may take.
    let timeout: Duration?
    let failurePolicy: FailurePolicy
    /// The group and the server, for the command's environment.
    let variables: [String]
    let progress: WorkProgress

    /// Runs the command for records of one partition until it succeeds.
    ///
    /// - Throws: `GaveUp`, `ChildProcess.Failure`, or `GroupMember.NotProcessed` when the records are no longer this
    ///   worker's, or the worker ends before the next attempt.
    func handle(_ records: [GroupRecord], of member: GroupMember) async throws {
        guard let first = records.first else { return }
        var delays = retryDelays
        for attempt in 1... {
            // Between the taking and now the partition may have been asked for.
            guard member.isCurrent(first) else { throw GroupMember.NotProcessed() }
            guard let failure = try await failure(of: records, attempt) else {
                return progress.succeeded(records.count)
            }
            progress.failed()
            try Task.checkCancellation()
            let place = Self.place(records)
            guard attempt < attemptsMax else { return try giveUp(place, failure) }
            let delay = delays.next()
            StandardError.note("\(place): \(failure), attempt \(attempt) of \(attemptsMax); again in \(delay.rounded)")
            try await pause(delay)
        }
    }

    private func giveUp(_ place: String, _ failure: String) throws(GaveUp) {
        let times = attemptsMax == 1 ? "" : " in all of \(attemptsMax) attempts"
        guard failurePolicy == .skip else {
            throw GaveUp(description: "\(place): \(failure)\(times); it is not committed, and comes again")
        }
        progress.skipped()
        StandardError.note("\(place): \(failure)\(times); skipped")
    }

    /// Waits, unless the worker is to end: then others are to have the records soon.
    private func pause(_ delay: Duration) async throws {
        do {
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: delay) }
        } catch is CancellationError {
            throw GroupMember.NotProcessed()
        }
    }

    /// Runs the command once; nil when it succeeded.
    private func failure(of records: [GroupRecord], _ attempt: Int) async throws -> String? {
        let environment = CommandEnvironment.text(records, isBatch: isBatch, attempt: attempt, more: variables)
        let input = isBatch ? Self.lines(records) : records.first?.valueBytes ?? []
        let (exit, isOverdue) = try await Self.run(command, environment, input, timeout)
        if isOverdue, let timeout { return "the command took longer than \(timeout.rounded)" }
        return switch exit {
        case .status(0): nil
        case .status(let status): "the command's exit status is \(status)"
        case .signal(let signal): "the command was ended by signal \(signal)"
        }
    }

    private static func run(
        _ command: [String],
        _ environment: [String],
        _ input: [UInt8],
        _ timeout: Duration?
    ) async throws -> (exit: ChildProcess.Exit, isOverdue: Bool) {
        guard let timeout else {
            return (try await ChildProcess.run(command, environment: environment, input: input), false)
        }
        return try await withThrowingTaskGroup(of: ChildProcess.Exit?.self) { tasks in
            tasks.addTask { try await ChildProcess.run(command, environment: environment, input: input) }
            tasks.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            let first = try await tasks.next() ?? nil
            tasks.cancelAll()
            if let first { return (first, false) }
            // The time is over, unless it was the whole work that was cancelled; the command has been asked to end.
            let exit = try await tasks.next() ?? nil
            return (exit ?? .status(0), !Task.isCancelled)
        }
    }

    private static func lines(_ records: [GroupRecord]) -> [UInt8] {
        var lines: [UInt8] = []
        for record in records {
            lines += record.json.utf8
            lines.append(UInt8(ascii: "\n"))
        }
        return lines
    }

    private static func place(_ records: [GroupRecord]) -> String {
        guard let first = records.first, let last = records.last else { return "" }
        let name = "\(first.topic)/\(first.partition)@\(first.offset)"
        return records.count == 1 ? name : name + "..\(last.offset)"
    }
}
