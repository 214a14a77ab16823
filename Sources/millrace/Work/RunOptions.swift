import ArgumentParser
import MillraceClient

/// What `millrace work` takes for the runs of a command.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Give a run up to so many records, one JSON object a line.", valueName: "count"))
    var batch: Int?
    @Option(help: ArgumentHelp("Runs at once, each for another partition (default: 1).", valueName: "count"))
    var parallel: Int?
    @Option(help: ArgumentHelp("Runs of the same records, at most (default: 5).", valueName: "count"))
    var attempts: Int?
    @Option(
        help: ArgumentHelp(
            "Milliseconds before the second attempt; doubled each time, up to half a minute (default: 1000).",
            valueName: "ms"
        )
    )
    var retryDelay: Int?
    @Option(help: "After the last attempt: stop, with the records uncommitted, or skip them (default: stop).")
    var onFailure: WorkHandler.FailurePolicy?
    @Option(help: ArgumentHelp("End a run that takes longer; it has failed then.", valueName: "ms"))
    var runTimeout: Int?
    @Option(help: ArgumentHelp("How long runs may go on after SIGTERM (default: 30000).", valueName: "ms"))
    var grace: Int?

    func validate() throws {
        let numbers = [
            ("--batch", batch, 1...100_000), ("--parallel", parallel, 1...1000),
            ("--attempts", attempts, 1...1_000_000),
            ("--retry-delay", retryDelay, 1...30_000), ("--run-timeout", runTimeout, 1...86_400_000),
            ("--grace", grace, 0...3_600_000),
        ]
        for case let (name, number?, range) in numbers where !range.contains(number) {
            throw ValidationError("\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
        }
    }

    /// The first option that was given, if any.
    var used: String? {
        let given: [(String, Bool)] = [
            ("--batch", batch != nil), ("--parallel", parallel != nil), ("--attempts", attempts != nil),
            ("--retry-delay", retryDelay != nil), ("--on-failure", onFailure != nil),
            ("--run-timeout", runTimeout != nil), ("--grace", grace != nil),
        ]
        return given.first { $0.1 }?.0
    }

    var graceMax: Duration { .milliseconds(grace ?? 30_000) }

    /// What runs the command.
    func handler(_ command: [String], variables: [String]) -> WorkHandler {
        WorkHandler(
            command: command,
            isBatch: batch != nil,
            attemptsMax: attempts ?? 5,
            retryDelays: Backoff(initial: .milliseconds(retryDelay ?? 1000), max: .seconds(30)),
            timeout: runTimeout.map { .milliseconds($0) },
            failurePolicy: onFailure ?? .stop,
            variables: variables,
            progress: WorkProgress()
        )
    }
}

extension WorkHandler.FailurePolicy: ExpressibleByArgument {}
