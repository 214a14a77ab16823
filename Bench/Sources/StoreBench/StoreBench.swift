import ArgumentParser
import BenchSupport

/// Measures the storage: the store alone beside fio, and the broker as a process.
@main
struct StoreBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store-bench",
        abstract: "Measure appends, recovery, memory and acknowledgements, in alternating rounds, as ratios.",
        subcommands: [
            AppendCommand.self, RecoveryCommand.self, MemoryCommand.self, LatencyCommand.self, PressureCommand.self,
            FillCommand.self,
        ]
    )
}

/// What every measurement takes.
struct BenchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the files go; a new directory is made in it.", valueName: "path"))
    var directory = "."

    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"

    @Option(help: "How often each thing is measured, in turn.")
    var rounds = 5

    @Option(help: "A table to read, or json for programs; append, recovery and memory can do both.")
    var output: Report.Format = .table

    /// Runs `body` with a new directory, which is removed at the end.
    func withScratch(_ body: (String) throws -> Void) throws {
        let scratch = try RunDirectory.make(below: directory, named: "store-bench")
        defer { RunDirectory.remove(scratch) }
        guard output == .table else { return try body(scratch) }
        let place = Place(of: scratch)
        print(
            "\(place.fileSystem) (\(place.options)); Linux \(place.kernel); \(place.processorCount) x \(place.processor)"
        )
        print("")
        try body(scratch)
    }
}

extension Report.Format: ExpressibleByArgument {}
