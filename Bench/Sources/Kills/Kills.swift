import ArgumentParser
import BenchSupport

/// Real brokers as processes, killed and starved, looked at from outside: what they acknowledged must be there.
@main
struct Kills: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kills",
        abstract: "Kill real brokers in the middle of their work and check what they kept.",
        subcommands: [LoopCommand.self, HistoryCommand.self, FullDiskCommand.self, FewDescriptorsCommand.self],
        defaultSubcommand: LoopCommand.self
    )
}
