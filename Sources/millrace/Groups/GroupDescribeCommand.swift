import ArgumentParser
import MillraceClient

/// `millrace group describe`: one group in full.
struct GroupDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Show a group's settings, members, assignment, committed offsets and lag.",
        discussion: """
            COMMITTED is the next offset to read; LAG is how many records lie between it and END, and AGE how old the oldest
            of them is. LOST were removed before anybody committed them. OPEN is for how long the oldest record that is
            delivered and not committed has been.

              millrace group describe billing --output json
            """
    )

    @Argument(help: "The group.") var group: String
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try options.show(try await client.group(group)) { report in
                """
                \(GroupText.head(report))
                \(GroupText.settings(report))
                \(GroupText.members(report))
                \(GroupText.partitions(report))
                """
            }
        }
    }
}

/// `millrace group lag`: how far a group is behind.
struct GroupLagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lag",
        abstract: "Show how far a group is behind, in records and in time.",
        discussion: "Example:  millrace group lag billing --output json | jq .lagSeconds"
    )

    @Argument(help: "The group.") var group: String
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try options.show(try await client.groupLag(group), table: Self.text)
        }
    }

    private static func text(_ lag: GroupLag) -> String {
        var table = Table("TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "AGE", "LOST", "IN FLIGHT", "OPEN", "OWNER")
        for partition in lag.partitions {
            table.add(
                partition.topic,
                String(partition.partition),
                partition.committed.map { String($0) } ?? "-",
                String(partition.end),
                String(partition.lag),
                GroupText.age(partition.lagSeconds),
                String(partition.lost),
                String(partition.inFlight),
                GroupText.milliseconds(partition.uncommittedMs),
                partition.owner ?? "-"
            )
        }
        let sums = "lag \(lag.lag)  age \(GroupText.age(lag.lagSeconds))  lost \(lag.lost)  in flight \(lag.inFlight)"
        return "\(lag.group)  \(sums)\n\n\(table.text)"
    }
}

/// `millrace group rebalances`: why partitions moved.
struct GroupRebalancesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebalances",
        abstract: "Tell why a group's partitions moved, newest first.",
        discussion: """
            The broker remembers the last rebalances since its start.

              millrace group rebalances billing
            """
    )

    @Argument(help: "The group.") var group: String
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try options.show(try await client.groupRebalances(group), table: Self.text)
        }
    }

    private static func text(_ history: GroupRebalances) -> String {
        guard !history.rebalances.isEmpty else { return "no rebalance is known\n" }
        return history.rebalances.map { rebalance in
            let reasons = rebalance.reasons.map(\.text).joined(separator: "; ")
            var text = "\(rebalance.time)  epoch \(rebalance.groupEpoch)  \(reasons)\n"
            for move in rebalance.moves {
                let kind = move.kind == "moved" ? "" : "  (\(move.kind))"
                text += "  \(move.topic)/\(move.partition)  \(move.from ?? "nobody") -> \(move.to ?? "nobody")\(kind)\n"
            }
            let more = rebalance.moveCount - rebalance.moves.count
            return more > 0 ? text + "  and \(more) more\n" : text
        }.joined()
    }
}
