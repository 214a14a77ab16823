import ArgumentParser
import BenchSupport

/// Measures how the broker's costs grow: with what there is of everything, and with time.
@main
struct ScaleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale-bench",
        abstract: "Measure how the broker's costs grow: with partitions, watchers, sizes and batches, and with time.",
        discussion: """
            Every command keeps what it has measured in Bench/results and writes docs/scaling.md anew from everything that is kept
            there. What explains a figure is written by hand, in Bench/explanations, and goes into the page below its table.
            """,
        subcommands: [
            CurvesCommand.self, MemoryCommand.self, SoakCommand.self, DocumentCommand.self, CheckCommand.self,
        ]
    )
}

/// Where the results and the page are.
struct Places: ParsableArguments {
    @Option(help: ArgumentHelp("Where results are kept.", valueName: "path"))
    var results = "Bench/results"
    @Option(help: ArgumentHelp("Where explanations are that people write.", valueName: "path"))
    var explanations = "Bench/explanations"
    @Option(help: ArgumentHelp("The page that is written.", valueName: "path"))
    var document = "docs/scaling.md"

    /// Writes the page, and its charts beside it.
    func write() throws {
        let kept = try Kept(results: results, explanations: explanations)
        let folder = document.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        for chart in kept.charts { try TextFile.write(chart.text, to: "\(folder)/\(chart.name)") }
        try TextFile.write(ScalingDocument(kept: kept).text, to: document)
    }
}

/// What is measured, and where its files go.
struct BenchOptions: ParsableArguments {
    @OptionGroup var places: Places
    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: ArgumentHelp("Where files go; a new directory is made in it.", valueName: "path"))
    var directory = ".build-release"
    @Option(help: "A table to read, or json for programs.") var output: Report.Format = .table

    /// Runs `body` with a directory that is removed afterwards.
    func withScratch(_ body: (_ scratch: String) throws -> Void) throws {
        try DescriptorLimit.raise()
        try TextFile.makeDirectory(places.results)
        let scratch = try RunDirectory.make(below: directory, named: "scale-bench")
        defer { RunDirectory.remove(scratch) }
        try body(scratch)
    }
}

/// `scale-bench document`: writes the page from the results that are kept.
struct DocumentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document",
        abstract: "Write the page and its charts again, such as after an explanation was written."
    )

    @OptionGroup var places: Places

    func run() throws {
        try places.write()
    }
}

extension Report.Format: ExpressibleByArgument {}
