import ArgumentParser
import BrokerAPI

/// The command line: the broker itself, and a client of it.
@main
struct Millrace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "millrace",
        abstract: "A partitioned event log broker with consumer groups, over plain HTTP.",
        discussion: """
            A first round, in two terminals:

              millrace serve
              millrace topic create orders --partitions 8
              echo '{"id":"u1","state":"placed"}' | millrace produce orders --as values --key /id
              millrace work billing --topics orders

            The client commands speak to MILLRACE_SERVER, or http://127.0.0.1:8080. Whatever they do, curl can do too.
            """,
        version: API.version,
        subcommands: [
            ServeCommand.self, TopicCommand.self, ProduceCommand.self, WatchCommand.self, WorkCommand.self,
            GroupCommand.self, CollectionCommand.self, LogCommand.self,
        ]
    )
}
