import ArgumentParser
import BenchSupport
import LoadGenerator

/// `load-bench read`: one reader catches up.
struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Read a whole topic as NDJSON over one connection.",
        discussion: "The topic is filled first where it has fewer records. No record may be missing or out of order."
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var topic: TopicOptions
    @Option(help: "How many records there are at least.") var records = 1_000_000

    func run() throws {
        try server.withServer { port, family in
            try topic.fill(port, to: records)
            var load = CatchUpLoad(port: port, topic: topic.topic, partitions: topic.partitions)
            load.server = family
            let outcome = try load.run()
            let million = Double(outcome.records) / 1_000_000
            var row = [
                Report.Cell("partitions", Double(topic.partitions), 0),
                Report.Cell("records", Double(outcome.records), 0),
                Report.Cell("records/s", Double(outcome.records) / outcome.seconds, 0),
                Report.Cell("MB/s", Double(outcome.bytes) / outcome.seconds / 1_000_000, 0),
                Report.Cell("client's CPU s per million", outcome.clientSeconds / million, 2),
            ]
            if family != nil {
                row.append(Report.Cell("broker's CPU s per million", outcome.serverSeconds / million, 2))
            }
            var report = Report()
            report.add(row)
            return report
        }
    }
}

/// `load-bench group`: members consume and commit.
struct GroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group",
        abstract: "Consume a topic with a group's members that commit as they go.",
        discussion: """
            The topic is filled first where it has fewer records. The time is from the first record at any member to the answer of the
            commit after which nothing is left. Each run is a group of its own.
            """
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var topic: TopicOptions
    @Option(help: "How many members there are.") var members = 4
    @Option(help: "After how many records a member commits.") var commitRecords = 1000
    @Option(help: "How many records there are at least.") var records = 1_000_000

    func run() throws {
        try server.withServer { port, family in
            try topic.fill(port, to: records)
            var load = GroupLoad(port: port, topic: topic.topic, partitions: topic.partitions)
            load.group = "load-\(MonotonicClock.nanoseconds)"
            load.members = members
            load.commitRecords = commitRecords
            load.server = family
            let outcome = try load.run()
            let million = Double(outcome.records) / 1_000_000
            var row = [
                Report.Cell("partitions", Double(topic.partitions), 0),
                Report.Cell("members", Double(members), 0),
                Report.Cell("records", Double(outcome.records), 0),
                Report.Cell("records/s", Double(outcome.records) / outcome.seconds, 0),
                Report.Cell("records a commit", Double(outcome.records) / Double(outcome.commits), 0),
                Report.Cell("client's CPU s per million", outcome.clientSeconds / million, 2),
            ]
            if family != nil {
                row.append(Report.Cell("broker's CPU s per million", outcome.serverSeconds / million, 2))
            }
            var report = Report()
            report.add(row)
            return report
        }
    }
}
