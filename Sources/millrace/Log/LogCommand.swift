import ArgumentParser

/// `millrace log`: the files of a data directory that no broker holds.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Inspect, verify and repair the files of a data directory.",
        discussion: """
            These commands read a data directory's files themselves. They refuse a directory that a broker is running on,
            and no broker can start on it meanwhile.

              millrace log inspect --data-dir millrace-data
              millrace log inspect --data-dir millrace-data --topic orders --partition 3 --batches
              millrace log verify --data-dir millrace-data
              millrace log repair --data-dir millrace-data
            """,
        subcommands: [InspectCommand.self, VerifyCommand.self, RepairCommand.self]
    )
}
