import ArgumentParser
import BenchSupport

/// Measures watches of a real broker.
@main
struct WatchBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch-bench",
        abstract: "Measure watches of a real broker.",
        subcommands: [
            FanoutCommand.self, SelectorsCommand.self, NeverReadCommand.self, IdleCommand.self, KeysCommand.self,
        ]
    )
}

/// What all the commands take.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the files go; a new directory is made in it.", valueName: "path"))
    var directory = "."
    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: "A table to read, or json for programs.") var output: Report.Format = .table
}

extension Report.Format: ExpressibleByArgument {}
