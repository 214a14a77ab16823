import ArgumentParser
import BenchSupport
import Glibc

/// `watch-bench never-read`: what readers that never read do to everybody else.
struct NeverReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "never-read",
        abstract: "What readers that never read do to everybody else.",
        discussion: """
            One client publishes at a steady rate and one watches, first alone, then beside watchers that ask for everything there
            is and never read any of it. Those that the broker closes are replaced at once. The broker's resident memory is
            printed every ten seconds; the figures of the others should be what they were alone.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "How many there are that never read.") var readers = 1000
    @Option(help: "How long they are there, in seconds.") var seconds = 180.0
    @Option(help: "How long is measured without them, in seconds.") var secondsAlone = 60.0
    @Option(help: "Records a second.") var rate = 100.0
    @Option(help: "What there is to read for those that do not, in mebibytes.") var mebibytes = 64
    @Option(help: "After how many seconds the broker calls a watcher slow; its default when not given.")
    var slowSeconds: Int?

    func run() throws {
        let scratch = try RunDirectory.make(below: common.directory, named: "watch-bench")
        defer { RunDirectory.remove(scratch) }
        let slow = slowSeconds.map { ["--slow-watcher-seconds", "\($0)"] } ?? []
        var setup = Broker.Setup(program: common.program, scratch: scratch, options: slow)
        setup.logLevel = "info"
        let broker = try Broker(setup)
        let client = Client(port: broker.port)
        try client.createTopic("events", "{}")
        try client.createTopic("history", "{}")
        let filler = try Publisher(port: broker.port, topic: "history")
        for _ in 0..<(mebibytes * 16) { try filler.publish(bytes: 64 << 10) }
        let swarm = try Swarm(port: broker.port, count: 1, target: "/v1/topics/events/records?from=latest")
        let thread = SystemThread { swarm.run() }
        defer {
            swarm.stop()
            thread.join()
        }
        var report = Report()
        try phase("alone", broker, swarm, readers: 0, secondsAlone, &report)
        try phase("beside \(readers)", broker, swarm, readers: readers, seconds, &report)
        report.show(common.output)
        try broker.kill()
    }

    private func phase(
        _ name: String,
        _ broker: Broker,
        _ swarm: Swarm,
        readers: Int,
        _ seconds: Double,
        _ report: inout Report
    ) throws {
        var crowd = try Crowd(port: broker.port, count: readers)
        // Until they are stuck.
        sleep(10)
        swarm.clear()
        var publisher = try Publisher(port: broker.port, topic: "events")
        let processor = try ProcessFacts.processorSeconds(broker.pid)
        var samples: [Double] = []
        let begin = Clock.microseconds
        while Double(Clock.microseconds - begin) < seconds * 1_000_000 {
            try publisher.publish(perSecond: rate, seconds: 10)
            samples.append(try ProcessFacts.residentMebibytes(broker.pid))
            let replaced = try crowd.replaceClosed()
            Report.note("\(name): resident \(fixed(samples[samples.count - 1], 1)) MiB, \(replaced) were closed")
        }
        let used = try ProcessFacts.processorSeconds(broker.pid) - processor
        let (publishing, delivery) = (Delays(publisher.delays), Delays(swarm.delays))
        report.add([
            Report.Cell("phase", name),
            Report.Cell("publish p50 ms", publishing.milliseconds(permille: 500), 2),
            Report.Cell("publish p99 ms", publishing.milliseconds(permille: 990), 2),
            Report.Cell("delivery p50 ms", delivery.milliseconds(permille: 500), 2),
            Report.Cell("delivery p99 ms", delivery.milliseconds(permille: 990), 2),
            Report.Cell("delivered of sent", Double(delivery.count) / Double(publishing.count), 3),
            Report.Cell("resident MiB first", samples.first ?? .nan, 1),
            Report.Cell("resident MiB most", samples.max() ?? .nan, 1),
            Report.Cell("resident MiB last", samples.last ?? .nan, 1),
            Report.Cell("% of a core", used * 100 / seconds, 1),
            Report.Cell("closed", Double(crowd.replacedCount), 0),
        ])
    }
}

/// Watchers that never read.
private struct Crowd {
    private static let target = "/v1/topics/history/records?from=earliest&watch=true"
    private let port: UInt16
    private var sockets: [WatchSocket]
    private(set) var replacedCount = 0

    init(port: UInt16, count: Int) throws {
        self.port = port
        sockets = try (0..<count).map { _ in try WatchSocket(port: port, target: Self.target) }
    }

    /// Connects anew in place of those that were closed, and tells how many those were.
    mutating func replaceClosed() throws -> Int {
        var count = 0
        for index in sockets.indices where sockets[index].isClosed {
            sockets[index] = try WatchSocket(port: port, target: Self.target)
            count += 1
        }
        replacedCount += count
        return count
    }
}
