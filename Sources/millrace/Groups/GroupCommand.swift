import ArgumentParser
import MillraceClient

/// `millrace group`: the consumer groups of a broker.
struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Look at consumer groups, and change them.",
        discussion: """
            A group is a pool of workers that share the partitions of its topics; the broker keeps what each partition's
            worker has committed. A group is created by its first member (see `millrace work --help`), or by `create`.

              millrace group list
              millrace group describe billing
              millrace group watch billing
            """,
        subcommands: [
            List.self, GroupDescribeCommand.self, GroupLagCommand.self, GroupWatchCommand.self,
            GroupRebalancesCommand.self, GroupResetCommand.self, GroupCreateCommand.self, GroupConfigureCommand.self,
            GroupDeleteCommand.self,
        ]
    )

    /// `millrace group list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the groups.",
            discussion: "Example:  millrace group list --output json"
        )

        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try options.show(try await client.groups()) { groups in
                    var table = Table("GROUP", "MEMBERS", "EPOCH", "TOPICS")
                    for group in groups {
                        let topics = group.topics.joined(separator: ",")
                        table.add(group.group, String(group.members), String(group.groupEpoch), topics)
                    }
                    return table.text
                }
            }
        }
    }
}
