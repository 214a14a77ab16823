import ArgumentParser
import MillraceClient

/// `millrace group`: the consumer groups of a broker.
struct GroupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "List and describe consumer groups.",
        discussion: """
            A group is a pool of workers that share the partitions of its topics; the broker keeps what each partition's
            worker has committed. A group is created by its first member: see `millrace work --help`.

              millrace group list
              millrace group describe billing
            """,
        subcommands: [List.self, Describe.self]
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

    /// `millrace group describe`.
    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a group's members, assignment, committed offsets and lag.",
            discussion: """
                COMMITTED is the next offset to read; LAG is how many records lie between it and END.

                  millrace group describe billing --output json
                """
        )

        @Argument(help: "The group.") var group: String
        @OptionGroup var options: ClientOptions

        func run() async throws {
            try await options.withClient { client in
                try options.show(try await client.group(group), table: Self.table)
            }
        }

        private static func table(_ report: GroupReport) -> String {
            let names = Dictionary(
                report.members.map { ($0.member, $0.instance ?? $0.member) },
                uniquingKeysWith: { first, _ in first }
            )
            var members = Table("MEMBER", "INSTANCE", "CONNECTED", "PARTITIONS")
            for member in report.members {
                members.add(
                    member.member,
                    member.instance ?? "-",
                    member.connected ? "yes" : "no",
                    String(member.partitions.count)
                )
            }
            var partitions = Table("TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "OWNER", "STATE")
            for partition in report.partitions {
                partitions.add(
                    partition.topic,
                    String(partition.partition),
                    partition.committed.map { String($0) } ?? "-",
                    String(partition.end),
                    String(partition.lag),
                    partition.owner.map { names[$0] ?? $0 } ?? "-",
                    partition.state ?? "-"
                )
            }
            return """
                \(report.group)  epoch \(report.groupEpoch)  topics \(report.topics.joined(separator: ","))  \
                lag \(report.lag)

                \(members.text)
                \(partitions.text)
                """
        }
    }
}
