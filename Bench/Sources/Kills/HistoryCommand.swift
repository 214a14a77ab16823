import ArgumentParser
import BenchSupport

/// `kills history`: what clients may rely on, checked from their side.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Check a random history of producers and a consumer against the log that is left.",
        discussion: """
            Producers lose answers and try again, the broker is killed and comes back in the middle of requests, the topic
            grows. In the end every request must be stored once or not at all, in order, and nothing that a consumer was
            shown may be absent.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(help: "How long.")
    var seconds = 60

    @Option(help: "How many producers.")
    var producers = 4

    @Flag(inversion: .prefixedNo, help: "Send sequences and try again; else a request without an answer is given up.")
    var idempotent = true

    @Flag(inversion: .prefixedNo, help: "Let the topic grow.")
    var growth = true

    func run() throws {
        try common.withScratch("history --seconds \(seconds)") { setup, seed in
            var run = HistoryRun(
                HistoryRun.Options(
                    setup: setup,
                    seed: seed,
                    secondsMax: seconds,
                    producers: producers,
                    isIdempotent: idempotent,
                    grows: growth
                )
            )
            try run.run()
            report(run)
        }
    }

    private func report(_ run: HistoryRun) {
        let counts = run.counts
        print("history requests: \(run.requests)")
        print("history requests acknowledged: \(run.check.stored), unanswered and stored: \(run.check.storedUnknown)")
        print(
            "history records stored: \(run.check.records), shown to a consumer: \(run.shown) in \(run.watches) watches"
        )
        print("history kills: \(run.kills), in the middle of a request: \(counts.halves)")
        print("history answers lost: \(counts.lostAnswers), retries: \(counts.retries)")
        print("history duplicates recognised: \(counts.duplicates), given up: \(counts.givenUp)")
        print("history refused: other bytes \(counts.conflicts), gaps \(counts.gaps), old epochs \(counts.staleEpochs)")
        print("history growths: \(counts.growths), to \(run.partitionCount) partitions")
        print("history violations: 0")
    }
}
