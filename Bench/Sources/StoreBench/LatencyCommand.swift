import ArgumentParser
import BenchSupport

/// `store-bench latency`: acknowledgements with the writers spread over 1, 8 and 64 partitions.
struct LatencyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Throughput and latency of acknowledgements when 1, 8 or 64 partitions are written at once."
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "How long each round takes.")
    var seconds = 3

    @Option(help: "Connections.")
    var connections = 64

    @Option(help: "Requests a second where the schedule is open: a slow answer does not slow it.")
    var rate = 2000

    private static let spreads = [1, 8, 64]

    func run() throws {
        try options.withScratch { scratch in
            var setup = Broker.Setup(program: options.program, scratch: scratch)
            setup.logLevel = "info"
            let broker = try Broker(setup)
            for count in Self.spreads {
                try Client(port: broker.port).createTopic("p\(count)", "{\"partitions\":\(count)}")
            }
            var closed = Self.spreads.map { _ in LatencySeries() }
            var open = Self.spreads.map { _ in LatencySeries() }
            for _ in 0..<options.rounds {
                for (index, count) in Self.spreads.enumerated() {
                    closed[index].add(try measure(broker, count, rate: nil))
                    open[index].add(try measure(broker, count, rate: rate))
                }
            }
            try broker.stop()
            show("\(connections) connections, one record of 100 bytes a request, as fast as answers come", closed)
            show("the same connections, \(rate) requests a second on an open schedule", open)
        }
    }

    private func measure(_ broker: Broker, _ partitions: Int, rate: Int?) throws -> Latencies {
        let load = LatencyLoad(
            port: broker.port,
            topic: "p\(partitions)",
            partitions: partitions,
            connections: connections,
            seconds: seconds,
            rate: rate
        )
        return try load.run()
    }

    private func show(_ title: String, _ series: [LatencySeries]) {
        var table = Table(title, "requests/s", "of 1 partition", "p50 ms", "of 1 partition", "p99 ms")
        for (count, one) in zip(Self.spreads, series) {
            table.add(
                "\(count) partition\(count == 1 ? "" : "s")",
                one.rate.text(0),
                one.rate.ratio(to: series[0].rate).text(2),
                one.p50.text(2),
                one.p50.ratio(to: series[0].p50).text(2),
                one.p99.text(2)
            )
        }
        table.show()
    }
}

/// The figures of several rounds.
struct LatencySeries {
    private(set) var rate = Series()
    private(set) var p50 = Series()
    private(set) var p99 = Series()

    mutating func add(_ round: Latencies) {
        rate.add(round.perSecond)
        p50.add(round.milliseconds(at: 0.5))
        p99.add(round.milliseconds(at: 0.99))
    }
}
