import ArgumentParser

/// Lets consumer groups live through everything that can happen to them, and tells whether they keep their promises.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract:
            "Lets consumer groups live through all that can happen to them, and tells whether they keep promises.",
        discussion: """
            The groups' machine runs on a model of its log: what is queued becomes durable late, a crash loses a part of
            it, replies and events are lost. The run ends in lines of the form 'key: value'; its exit status is 1 if
            anything was wrong, and then it prints the command that comes to the same schedule again.
            """,
        subcommands: [RunCommand.self, ReplayCommand.self],
        defaultSubcommand: RunCommand.self
    )
}
