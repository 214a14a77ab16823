import ArgumentParser

/// Cuts the power, damages files and switches rules off, some hundred thousand times, and tells whether the store keeps its
/// promises.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract:
            "Cuts the power, damages files and switches rules off, and tells whether the store keeps its promises.",
        discussion: """
            The store runs on a simulated volume that forgets what was not flushed. The run ends in lines of the form
            'key: value'; its exit status is 1 if anything was wrong, and then it prints the command that comes to the
            same state again.
            """,
        subcommands: [RunCommand.self, ReplayCommand.self, WorkCommand.self],
        defaultSubcommand: RunCommand.self
    )
}

/// The forms in which results can be printed.
enum Output: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
