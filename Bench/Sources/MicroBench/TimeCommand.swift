import ArgumentParser
import BenchSupport

/// Measures how long loops take.
struct TimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "time",
        abstract: "Measure how long loops take, in rounds that take turns.",
        discussion: """
            Every loop is passed through for about --milliseconds, and so are all others, before its next round: what else the
            machine does hits them alike. The figures are medians of the rounds; the spread is the distance of the fastest
            round from the slowest, as a share of the median, and beyond 15 % a row says nothing for certain.
            """
    )

    @Argument(help: "Which loops; all unless some are named.")
    var loops: [String] = []

    @Option(help: "How many rounds.")
    var rounds = 7

    @Option(help: "How long a round of a loop takes, about.")
    var milliseconds = 100

    @Option(help: "What to print: table or json.")
    var output = Report.Format.table

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds is from 1 to 1000") }
        guard (1...60_000).contains(milliseconds) else { throw ValidationError("--milliseconds is from 1 to 60000") }
        for name in loops { _ = try Benchmark.named(name) }
    }

    func run() throws {
        let command = self
        try waiting { try await command.measure() }
    }

    private func measure() async throws {
        let chosen = try loops.isEmpty ? Benchmark.all : loops.map(Benchmark.named)
        try await Workspace.withNew { workspace in
            var timed: [TimedLoop] = []
            for benchmark in chosen {
                timed.append(try await TimedLoop(benchmark, in: workspace, round: .milliseconds(milliseconds)))
            }
            for _ in 0..<rounds {
                for index in timed.indices { try await timed[index].measure() }
            }
            for loop in timed { await loop.end() }
            show(timed)
        }
    }

    private func show(_ timed: [TimedLoop]) {
        let place = Place(of: ".")
        Report.note("Linux \(place.kernel); \(place.processorCount) x \(place.processor); \(rounds) rounds")
        var report = Report()
        for loop in timed {
            let bytes = loop.megabytesPerSecond
            report.add([
                Report.Cell("loop", loop.benchmark.name),
                Report.Cell("ns an operation", loop.nanoseconds, 1),
                Report.Cell("spread %", loop.nanoseconds.spread * 100, 0),
                Report.Cell("operations/s", 1e9 / loop.nanoseconds.median, 0),
                bytes.map { Report.Cell("MB/s", $0, 0) } ?? Report.Cell("MB/s", ""),
                Report.Cell("operation", loop.benchmark.operation),
            ])
        }
        report.show(output)
    }
}

extension Report.Format: ExpressibleByArgument {}
