import ArgumentParser
import BenchSupport
import LoadGenerator

/// `watch-bench fanout`: what it costs to tell many watchers the same.
struct FanoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout",
        abstract: "What it costs to tell many watchers the same.",
        discussion: """
            Watchers by server-sent events wait at the end of one partition. Paced: records come at a steady rate, so many that
            all watchers together get --deliveries a second; a record's delay is from the sending of its request to its arrival,
            and the broker's processor time is counted per delivery. Back to back: the next record is sent when every watcher has
            the last one. With --before rounds alternate between two programs.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("Another program to compare with, such as an older one.", valueName: "path"))
    var before: String?
    @Option(help: "How many watchers there are, in turn.") var watchers = "100,1000,5000"
    @Option(help: "How often each is measured.") var rounds = 5
    @Option(help: "How long each part of a round lasts, in seconds.") var seconds = 5.0
    @Option(help: "Deliveries a second, when they are paced.") var deliveries = 10_000

    /// What rounds of one program with so many watchers brought.
    private struct Results {
        var microsecondsEach = Series()
        var p50 = Series()
        var p99 = Series()
        var perSecond = Series()
        var resident = Series()
    }

    func run() throws {
        let scratch = try RunDirectory.make(below: common.directory, named: "watch-bench")
        defer { RunDirectory.remove(scratch) }
        let programs = (before.map { [("before", $0)] } ?? []) + [("now", common.program)]
        var report = Report()
        for count in watchers.split(separator: ",").compactMap({ Int($0) }) {
            var results = [Results](repeating: Results(), count: programs.count)
            for round in 1...rounds {
                for (index, program) in programs.enumerated() {
                    Report.note("\(count) watchers, round \(round) of \(rounds), \(program.0)")
                    try measure(program.1, "\(scratch)/\(program.0)-\(count)-\(round)", count, &results[index])
                }
            }
            for (program, results) in zip(programs, results) { add(program.0, count, results, to: &report) }
        }
        report.show(common.output)
    }

    private func measure(_ program: String, _ directory: String, _ count: Int, _ results: inout Results) throws {
        var setup = Broker.Setup(
            program: program,
            scratch: directory,
            options: FanoutLoad.options(watchers: count)
        )
        setup.logLevel = "info"
        try RunDirectory.make(at: directory)
        let broker = try Broker(setup)
        try Client(port: broker.port).createTopic("events", "{}")
        let family = ProcessFamily(broker.pid)
        var load = FanoutLoad(port: broker.port, topic: "events", watchers: count, server: family)
        load.rate = Double(deliveries) / Double(count)
        load.seconds = seconds
        let outcome = try load.run()
        results.microsecondsEach.add(outcome.serverMicrosecondsEach)
        results.p50.add(outcome.latencies.milliseconds(percentile: 50))
        results.p99.add(outcome.latencies.milliseconds(percentile: 99))
        results.perSecond.add(outcome.deliveriesPerSecond)
        results.resident.add(outcome.residentMebibytes)
        try broker.kill()
    }

    private func add(_ program: String, _ count: Int, _ results: Results, to report: inout Report) {
        report.add([
            Report.Cell("program", program),
            Report.Cell("watchers", Double(count), 0),
            Report.Cell("broker's us a delivery", results.microsecondsEach, 1),
            Report.Cell("p50 ms", results.p50, 1),
            Report.Cell("p99 ms", results.p99, 1),
            Report.Cell("back to back, deliveries/s", results.perSecond, 0),
            Report.Cell("resident MiB", results.resident, 0),
        ])
    }
}
