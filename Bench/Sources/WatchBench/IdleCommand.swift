import ArgumentParser
import BenchSupport
import Glibc
import LoadGenerator

/// `watch-bench idle`: what watchers cost that have nothing to be told.
struct IdleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "idle",
        abstract: "What watchers cost that have nothing to be told.",
        discussion: """
            The broker's resident memory before and with the watchers, and its processor time while only heartbeats and bookmarks
            go out.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "How many watchers there are.") var watchers = 5000
    @Option(help: "How long the processor's time is counted, in seconds.") var seconds = 60

    func run() throws {
        let scratch = try RunDirectory.make(below: common.directory, named: "watch-bench")
        defer { RunDirectory.remove(scratch) }
        var report = Report()
        for kind in Swarm.Kind.allCases {
            Report.note("\(watchers) watchers by \(kind.rawValue)")
            report.add(try measure(kind, "\(scratch)/\(kind.rawValue)"))
        }
        report.show(common.output)
    }

    private func measure(_ kind: Swarm.Kind, _ directory: String) throws -> [Report.Cell] {
        var setup = Broker.Setup(
            program: common.program,
            scratch: directory,
            options: FanoutLoad.options(watchers: watchers)
        )
        setup.logLevel = "info"
        try RunDirectory.make(at: directory)
        let broker = try Broker(setup)
        try Client(port: broker.port).createTopic("events", "{}")
        let before = try ProcessFacts.residentMebibytes(broker.pid)
        let target = "/v1/topics/events/records"
        let swarm = try Swarm(port: broker.port, count: watchers, target: target, kind: kind)
        let thread = SystemThread { swarm.run() }
        defer {
            swarm.stop()
            thread.join()
        }
        var publisher = try Publisher(port: broker.port, topic: "events")
        try publisher.publish()
        sleep(20)
        let processor = try ProcessFacts.processorSeconds(broker.pid)
        sleep(UInt32(seconds))
        let used = try ProcessFacts.processorSeconds(broker.pid) - processor
        let after = try ProcessFacts.residentMebibytes(broker.pid)
        let closedCount = swarm.closedCount
        try broker.kill()
        return [
            Report.Cell("framing", kind.rawValue),
            Report.Cell("watchers", Double(watchers), 0),
            Report.Cell("resident MiB before", before, 0),
            Report.Cell("resident MiB with them", after, 0),
            Report.Cell("KiB each", (after - before) * 1024 / Double(watchers), 1),
            Report.Cell("% of a core, idle", used * 100 / Double(seconds), 2),
            Report.Cell("closed", Double(closedCount), 0),
        ]
    }
}
