import ArgumentParser
import BenchSupport
import LoadGenerator

/// `load-bench watch`: from publishing to delivery.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "How long a record takes from its publishing to its watchers, at a rate.",
        discussion: "Both times begin when the schedule wanted the record to be sent."
    )

    @OptionGroup var server: ServerOptions
    @OptionGroup var topic: TopicOptions
    @Option(help: "How many watch, by server-sent events.") var watchers = 1
    @Option(help: "Records a second, one a request.") var rate = 1000.0
    @Option(help: "Connections that publish.") var connections = 16
    @Option(help: "How long it is measured, in seconds.") var seconds = 5.0

    func validate() throws {
        guard watchers > 0, rate > 0, connections > 0, seconds > 0 else { throw ValidationError("all are above 0") }
    }

    func run() throws {
        try server.withServer { port, family in
            try topic.make(port)
            var load = DeliveryLoad(port: port, topic: topic.topic)
            load.watchers = watchers
            load.rate = rate
            load.connections = connections
            load.seconds = seconds
            load.server = family
            let outcome = try load.run()
            var row = [Report.Cell("watchers", Double(watchers), 0), Report.Cell("records/s", rate, 0)]
            row += cells(outcome.deliveries, "delivery")
            let answers = outcome.acknowledgements.latencies
            row.append(Report.Cell("answer p50 ms", answers.milliseconds(percentile: 50), 2))
            row.append(Report.Cell("answer p99 ms", answers.milliseconds(percentile: 99), 2))
            var report = Report()
            report.add(row)
            return report
        }
    }
}

/// `load-bench fanout`: many watchers of the same.
struct FanoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout",
        abstract: "What it costs to tell many watchers the same.",
        discussion: """
            Watchers by server-sent events; records come at a steady rate, then each when all watchers have the last one. The broker is
            one that is started, so that its processor time can be counted.
            """
    )

    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"
    @Option(help: ArgumentHelp("Where its files go; a new directory is made in it.", valueName: "path"))
    var directory = "."
    @Option(help: "A table to read, or json for programs.") var output: Report.Format = .table
    @Option(help: "How many watch.") var watchers = 1000
    @Option(help: "Records a second.") var rate = 2.0
    @Option(help: "How long each of the two parts takes, in seconds.") var seconds = 5.0

    func validate() throws {
        guard watchers > 0, rate > 0, seconds > 0 else { throw ValidationError("all are above 0") }
    }

    func run() throws {
        try DescriptorLimit.raise()
        let scratch = try RunDirectory.make(below: directory, named: "load-bench")
        defer { RunDirectory.remove(scratch) }
        var setup = Broker.Setup(program: program, scratch: scratch, options: FanoutLoad.options(watchers: watchers))
        setup.logLevel = "info"
        let broker = try Broker(setup)
        try Client(port: broker.port).createTopic("events", "{}")
        let family = ProcessFamily(broker.pid)
        var load = FanoutLoad(port: broker.port, topic: "events", watchers: watchers, server: family)
        load.rate = rate
        load.seconds = seconds
        let outcome = try load.run()
        var row = [Report.Cell("watchers", Double(watchers), 0)]
        row += cells(outcome.latencies, "delivery")
        row.append(Report.Cell("deliveries/s, back to back", outcome.deliveriesPerSecond, 0))
        row.append(Report.Cell("broker's us a delivery", outcome.serverMicrosecondsEach, 1))
        row.append(Report.Cell("client's us a delivery", outcome.clientMicrosecondsEach, 1))
        row.append(Report.Cell("resident MiB", outcome.residentMebibytes, 0))
        var report = Report()
        report.add(row)
        report.show(output)
        try broker.kill()
    }
}
