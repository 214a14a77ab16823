import ArgumentParser

/// Measures consumer groups of a real broker.
@main
struct GroupBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group-bench",
        abstract: "Measure consumer groups of a real broker.",
        subcommands: [RebalanceCommand.self]
    )
}
