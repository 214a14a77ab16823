import ArgumentParser
import BenchSupport
import Glibc

/// Runs Millrace and what people use instead on the same work, side by side.
@main
struct PeerBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer-bench",
        abstract: "Run Millrace and its peers on the same work in turn, and write down what was measured.",
        subcommands: [RunCommand.self, DocumentCommand.self, ListCommand.self],
        defaultSubcommand: RunCommand.self
    )
}

/// Where the results and the document are.
struct Places: ParsableArguments {
    @Option(help: ArgumentHelp("Where the results of all rounds are kept, a file for each row.", valueName: "path"))
    var results = "Bench/results"
    @Option(help: ArgumentHelp("The page that is written.", valueName: "path"))
    var document = "docs/benchmarks.md"
    @Option(help: ArgumentHelp("The chart beside it.", valueName: "path"))
    var chart = "docs/benchmarks.svg"

    /// Writes the page and the chart from all results that are there.
    func write() throws {
        let results = try Results(directory: results).readAll()
        try TextFile.write(Document(rows: Rows.all, results: results).text, to: document)
        try TextFile.write(Chart(rows: Rows.all, results: results).text, to: chart)
    }
}

/// `peer-bench run`: measures.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure all rows, or some, and write the page anew."
    )

    @OptionGroup var places: Places
    @Option(help: "The rows, with commas between; all when not given.") var rows: String?
    @Flag(help: "Three short rounds with smaller logs: a trial within ten minutes.") var quick = false
    @Option(help: "How often each contender takes its turn.") var rounds: Int?
    @Option(help: "How long load is put on, in seconds.") var seconds: Double?
    @Option(help: ArgumentHelp("Where files go; a new directory is made in it.", valueName: "path"))
    var directory = ".build-release"
    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: ArgumentHelp("The store-bench program.", valueName: "path"))
    var storeBench = "Bench/.build/release/store-bench"
    @Option(help: ArgumentHelp("The peers' configurations and clients.", valueName: "path")) var peers = "Bench/peers"
    @Option(help: "A table to read, or json for programs.") var output: Report.Format = .table

    func validate() throws {
        guard rounds.map({ $0 > 0 }) ?? true, seconds.map({ $0 > 0 }) ?? true else {
            throw ValidationError("rounds and seconds are above 0")
        }
        _ = try chosen()
    }

    func run() throws {
        try DescriptorLimit.raise()
        let scratch = try RunDirectory.make(below: directory, named: "peer-bench")
        defer { RunDirectory.remove(scratch) }
        try Workshop.build("redis-group", peers: peers, tools: scratch, libraries: [])
        do {
            try Workshop.build("nats-client", peers: peers, tools: scratch, libraries: ["nats"])
        } catch {
            Report.note("no client of NATS, so nothing is measured beside it: \(error)")
        }
        let shop = Workshop(
            program: program,
            storeBench: storeBench,
            peers: peers,
            tools: scratch,
            scratch: scratch,
            seconds: seconds ?? (quick ? 2 : 10),
            isQuick: quick
        )
        let runner = Runner(shop: shop, rounds: rounds ?? (quick ? 3 : 5), machine: Machine(withPeersOf: scratch))
        let begin = MonotonicClock.microseconds
        for row in try chosen() {
            let result = try runner.run(row)
            try Results(directory: places.results).write(result)
            try places.write()
            Summary(row: row, result: result).show(output)
            Report.note("\(row.name) is measured, after \((MonotonicClock.microseconds - begin) / 1_000_000) s in all")
            // Whoever follows a file or a pipe sees a row when it is there.
            fflush(nil)
        }
        Report.note("\(places.document) and \(places.chart) are written")
    }

    private func chosen() throws -> [Row] {
        guard let rows else { return Rows.all }
        return try rows.split(separator: ",").map { name in
            guard let row = Rows.all.first(where: { $0.name == name }) else {
                throw ValidationError("no row \(name); there are \(Rows.all.map(\.name).joined(separator: ", "))")
            }
            return row
        }
    }
}

/// `peer-bench document`: writes the page from the results that are kept.
struct DocumentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document",
        abstract: "Write the page and the chart again from the results that are kept."
    )

    @OptionGroup var places: Places

    func run() throws {
        try places.write()
    }
}

/// `peer-bench list`: what there is to measure.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the rows.")

    func run() {
        for row in Rows.all {
            print("\(row.name): \(row.title)")
            for contender in row.contenders { print("    \(contender.name) (\(contender.durability.rawValue))") }
            for goal in row.goals { print("    goal: \(goal.metric.title) of \(goal.contender) \(goal.text)") }
        }
    }
}

extension Report.Format: ExpressibleByArgument {}
