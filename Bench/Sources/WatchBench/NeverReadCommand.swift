import ArgumentParser
import BenchSupport
import Glibc
import LoadGenerator
import Synchronization

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
        let crowd = try Crowd(port: broker.port, count: readers)
        let keeper = SystemThread { crowd.replaceClosed() }
        defer {
            crowd.stop()
            keeper.join()
        }
        // Until they are stuck.
        sleep(10)
        swarm.clear()
        var publisher = try Publisher(port: broker.port, topic: "events")
        let processor = try ProcessFacts.processorSeconds(broker.pid)
        var samples: [Double] = []
        let begin = MonotonicClock.microseconds
        while Double(MonotonicClock.microseconds - begin) < seconds * 1_000_000 {
            let before = publisher.delays.count
            try publisher.publish(perSecond: rate, seconds: 10)
            let recent = LatencyHistogram(microseconds: Array(publisher.delays[before...]))
            samples.append(try ProcessFacts.residentMebibytes(broker.pid))
            let (p50, p99) = (recent.milliseconds(percentile: 50), recent.milliseconds(percentile: 99))
            let delay = "publish p50 \(fixed(p50, 2)), p99 \(fixed(p99, 2)) ms"
            let resident = fixed(samples[samples.count - 1], 1)
            Report.note("\(name): \(delay), resident \(resident) MiB, \(crowd.replacedCount) were replaced")
        }
        let used = try ProcessFacts.processorSeconds(broker.pid) - processor
        let (publishing, delivery) = (
            LatencyHistogram(microseconds: publisher.delays), LatencyHistogram(microseconds: swarm.delays)
        )
        report.add([
            Report.Cell("phase", name),
            Report.Cell("publish p50 ms", publishing.milliseconds(percentile: 50), 2),
            Report.Cell("publish p99 ms", publishing.milliseconds(percentile: 99), 2),
            Report.Cell("delivery p50 ms", delivery.milliseconds(percentile: 50), 2),
            Report.Cell("delivery p99 ms", delivery.milliseconds(percentile: 99), 2),
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
private final class Crowd: Sendable {
    private struct State {
        var sockets: [WatchSocket]
        var replacedCount = 0
        var isStopped = false
    }

    private static let target = "/v1/topics/history/records?from=earliest&watch=true"
    /// How long after its end a watcher may come again, in microseconds.
    private static let lookMicroseconds: UInt32 = 100_000
    private let port: UInt16
    private let state: Mutex<State>

    init(port: UInt16, count: Int) throws {
        self.port = port
        let sockets = try (0..<count).map { _ in try WatchSocket(port: port, target: Self.target) }
        state = Mutex(State(sockets: sockets))
    }

    var replacedCount: Int { state.withLock { $0.replacedCount } }

    /// Connects anew in place of those that were closed, each soon after it was, until it is stopped; on a thread of its own.
    func replaceClosed() {
        while !state.withLock({ $0.isStopped }) {
            let sockets = state.withLock { $0.sockets }
            for (index, socket) in sockets.enumerated() where socket.isClosed {
                // A broker that takes no more connections is asked again at the next look.
                guard let next = try? WatchSocket(port: port, target: Self.target) else { break }
                state.withLock {
                    $0.sockets[index] = next
                    $0.replacedCount += 1
                }
            }
            usleep(Self.lookMicroseconds)
        }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
    }
}
