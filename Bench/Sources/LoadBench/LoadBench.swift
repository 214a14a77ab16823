import ArgumentParser
import BenchSupport
import LoadGenerator

/// Puts load on a broker over HTTP.
@main
struct LoadBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load-bench",
        abstract: "Put load on a broker over HTTP, and tell rates and latencies.",
        discussion: """
            Clients are raw sockets driven by epoll, requests are built beforehand, every answer is checked. A latency begins when
            the request should have been sent, so that a slow answer does not hide the waiting behind it.
            """,
        subcommands: [
            ProduceCommand.self, ReadCommand.self, GroupCommand.self, WatchCommand.self, FanoutCommand.self,
        ]
    )
}

/// Which broker, and how the figures are told.
struct ServerOptions: ParsableArguments {
    @Option(help: "The port of a broker that runs on this machine; without it one is started, and stopped at the end.")
    var port: UInt16?
    @Option(help: ArgumentHelp("The millrace program that is started.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: ArgumentHelp("Where its files go; a new directory is made in it.", valueName: "path"))
    var directory = "."
    @Option(help: "A table to read, or json for programs.") var output: Report.Format = .table

    /// Runs `body` with a broker; with one that was started also its processor time can be told.
    func withServer(_ body: (_ port: UInt16, _ server: ProcessFamily?) throws -> Report) throws {
        try DescriptorLimit.raise()
        if let port { return try body(port, nil).show(output) }
        let scratch = try RunDirectory.make(below: directory, named: "load-bench")
        defer { RunDirectory.remove(scratch) }
        var setup = Broker.Setup(program: program, scratch: scratch)
        setup.logLevel = "info"
        let broker = try Broker(setup)
        let report = try body(broker.port, ProcessFamily(broker.pid))
        try broker.stop()
        report.show(output)
    }
}

/// The topic that a command writes to or reads.
struct TopicOptions: ParsableArguments {
    @Option(help: "The topic, which is made where it is not there.") var topic = "load"
    @Option(help: "How many partitions it has.") var partitions = 1
    @Option(help: ArgumentHelp("The size of a record's value in bytes.", valueName: "bytes")) var recordBytes = 100

    func make(_ port: UInt16) throws {
        let client = Client(port: port)
        if try !client.hasTopic(topic) { try client.createTopic(topic, "{\"partitions\":\(partitions)}") }
        let found = try client.partitions(topic).count
        guard found == partitions else {
            throw ValidationError("\(topic) has other partitions; say --partitions \(found), or another --topic")
        }
    }

    /// Fills it up to so many records, where there are fewer.
    func fill(_ port: UInt16, to records: Int) throws {
        try make(port)
        let found = Int(try Client(port: port).partitions(topic).reduce(0) { $0 + $1.end })
        try Filling(port: port, topic: topic, partitions: partitions, recordBytes: recordBytes).add(records - found)
    }
}

extension Report.Format: ExpressibleByArgument {}

/// What all reports tell of latencies.
func cells(_ latencies: LatencyHistogram, _ what: String) -> [Report.Cell] {
    [
        Report.Cell("\(what) p50 ms", latencies.milliseconds(percentile: 50), 2),
        Report.Cell("p90 ms", latencies.milliseconds(percentile: 90), 2),
        Report.Cell("p99 ms", latencies.milliseconds(percentile: 99), 2),
        Report.Cell("p99.9 ms", latencies.milliseconds(percentile: 99.9), 2),
        Report.Cell("max ms", latencies.millisecondsMax, 2),
    ]
}
