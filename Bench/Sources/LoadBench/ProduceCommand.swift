import ArgumentParser
import BenchSupport
import LoadGenerator

/// `load-bench produce`: records over many connections.
struct ProduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce",
        abstract: "Produce over many connections, as fast as answers come or at a rate.",
        discussion: """
            One record a request is sent as it is, with a key, so that keys spread over the partitions; many are sent as NDJSON, a
            value a line. Every answer must say that the records are on stable storage, and at the end the broker is asked how many
            there are.
            """
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var topic: TopicOptions
    @Option(help: "Connections, with one request under way on each.") var connections = 16
    @Option(help: "How many records a request has.") var recordsPerRequest = 1
    @Option(help: "Records a second of all connections together; as fast as answers come when not given.")
    var rate: Double?
    @Option(help: "How long it is measured, in seconds.") var seconds = 5.0
    @Option(help: "What goes before and is not counted, in seconds.") var warmUp = 1.0

    func validate() throws {
        guard connections > 0, recordsPerRequest > 0, topic.recordBytes > 1, seconds > 0, rate.map({ $0 > 0 }) ?? true
        else { throw ValidationError("counts, sizes and times are above 0, and a value has two bytes at least") }
    }

    func run() throws {
        try server.withServer { port, family in
            try topic.make(port)
            let before = try Client(port: port).partitions(topic.topic).reduce(0) { $0 + $1.end }
            let flushes = try BrokerCounters(port: port)
            let requests: RequestPool =
                recordsPerRequest == 1
                ? .singles(topic: topic.topic, recordBytes: topic.recordBytes)
                : .lines(topic: topic.topic, recordBytes: topic.recordBytes, recordsEach: recordsPerRequest)
            var load = ProduceLoad(port: port, connections: connections, requests: requests)
            load.rate = rate.map { $0 / Double(recordsPerRequest) }
            load.seconds = seconds
            load.warmUpSeconds = warmUp
            load.server = family
            let outcome = try load.run()
            let after = try Client(port: port).partitions(topic.topic).reduce(0) { $0 + $1.end }
            guard after - before == Int64(outcome.recordsInAll) else {
                throw Client.Unexpected(
                    description: "\(after - before) records are there, \(outcome.recordsInAll) were acknowledged"
                )
            }
            return report(outcome, try BrokerCounters(port: port).recordsPerFlush(since: flushes), family)
        }
    }

    private func report(_ outcome: ProduceLoad.Outcome, _ perFlush: Double, _ family: ProcessFamily?) -> Report {
        var row: [Report.Cell] = [
            Report.Cell("partitions", Double(topic.partitions), 0),
            Report.Cell("connections", Double(connections), 0),
            Report.Cell("records a request", Double(recordsPerRequest), 0),
            Report.Cell("records/s", outcome.recordsPerSecond, 0),
        ]
        row += cells(outcome.latencies, "answer")
        row.append(Report.Cell("records a flush", perFlush, 1))
        if family != nil {
            let each = outcome.serverSeconds * 1_000_000 / Double(outcome.records)
            row.append(Report.Cell("broker's CPU s per million", each, 1))
        }
        let client = outcome.clientSeconds * 1_000_000 / Double(outcome.records)
        row.append(Report.Cell("client's CPU s per million", client, 1))
        var report = Report()
        report.add(row)
        return report
    }
}
