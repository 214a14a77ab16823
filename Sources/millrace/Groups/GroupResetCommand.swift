import ArgumentParser
import MillraceClient

/// `millrace group reset`: committed offsets by hand.
struct GroupResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Set a group's committed offsets: process records again, or pass over them.",
        discussion: """
            It shows what it would do, and asks. Members keep their partitions and go on from the new offsets; what they have
            of before cannot be committed any more.

              millrace group reset billing --to earliest --dry-run
              millrace group reset billing --to 2026-11-21T08:00:00Z --topic orders
              millrace group reset billing --to 4711 --partition orders/3 --yes
            """
    )

    @Argument(help: "The group.") var group: String
    @Option(
        parsing: .unconditional,
        help: "earliest, latest, a time (RFC 3339), -<n> (so many before the end), or an offset."
    )
    var to: String
    @Option(name: .customLong("topic"), help: "All partitions of this topic; may come several times.")
    var topics: [String] = []
    @Option(name: .customLong("partition"), help: "This partition, as orders/3; may come several times.")
    var partitions: [PartitionText] = []
    @Flag(help: "Do it without asking.") var yes = false
    @Flag(help: "Say what would be done, and do nothing.") var dryRun = false
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            if !yes || dryRun {
                let plan = try await client.resetGroup(group, reset(dryRun: true))
                // A program that reads the answer is to get one.
                if dryRun { return try options.show(plan, table: Self.text) }
                StandardError.note("this would be done:\n" + Self.text(plan.value))
                guard isConfirmed() else { throw Declined() }
            }
            try options.show(try await client.resetGroup(group, reset(dryRun: false)), table: Self.text)
        }
    }

    /// The question was not answered with yes.
    private struct Declined: Error, CustomStringConvertible {
        var description: String { "nothing was changed; --yes does it without asking" }
    }

    private func reset(dryRun: Bool) -> GroupReset {
        GroupReset(
            to: to,
            topics: topics.isEmpty ? nil : topics,
            partitions: partitions.isEmpty ? nil : partitions.map(\.partition),
            dryRun: dryRun
        )
    }

    private func isConfirmed() -> Bool {
        StandardError.note("type yes to do this")
        return readLine(strippingNewline: true) == "yes"
    }

    private static func text(_ report: GroupResetReport) -> String {
        var table = Table("TOPIC", "PARTITION", "COMMITTED", "TO", "OWNER")
        for partition in report.partitions {
            table.add(
                partition.topic,
                String(partition.partition),
                partition.committed.map { String($0) } ?? "-",
                partition.to.map { String($0) } ?? "-",
                partition.owner ?? "-"
            )
        }
        return table.text
    }
}

/// A partition on the command line: `orders/3`.
struct PartitionText: ExpressibleByArgument {
    let partition: GroupReset.Partition

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let number = Int32(parts[1]), number >= 0 else { return nil }
        partition = GroupReset.Partition(topic: String(parts[0]), partition: number)
    }
}
