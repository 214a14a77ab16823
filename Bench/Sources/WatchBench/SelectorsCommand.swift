import ArgumentParser
import BenchSupport
import Glibc
import LoadGenerator

/// `watch-bench selectors`: what a change costs when many watch a collection and each wants a part of it.
struct SelectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selectors",
        abstract: "What a change costs when many watch a collection and each wants a part of it.",
        discussion: """
            Items carry a label with one of so many values; every watcher selects one of them, so that it is told of a small
            share of the changes and the broker must look at all of them for everybody. Changes come at a steady rate, one a
            request. The broker's processor time is counted per change, and, beyond that of a collection nobody watches, per
            change and watcher.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "How many watchers there are.") var watchers = 1000
    @Option(help: "How many values the label has.") var shards = 100
    @Option(help: "How many items there are.") var items = 5000
    @Option(help: "Changes a second.") var rate = 50.0
    @Option(help: "How long they come, in seconds.") var seconds = 10.0
    @Option(help: "How often it is measured.") var rounds = 5

    /// What rounds of one kind of watchers brought.
    private struct Results {
        var each = Series()
        var perWatcher = Series()
        var p50 = Series()
        var p99 = Series()
        var kibibytes = Series()
    }

    /// What watchers ask for.
    private enum Selection: String, CaseIterable {
        case none = "nobody watches"
        case label = "label selector"

        /// The parameter that selects a share of the items.
        func parameter(_ shard: Int) -> String {
            switch self {
            case .none: ""
            case .label: "&labelSelector=shard%3D\(shard)"
            }
        }
    }

    func validate() throws {
        guard shards > 0, items >= shards, watchers >= shards, watchers % shards == 0 else {
            throw ValidationError("watchers and items are so many that every shard has some, and watchers equally many")
        }
    }

    func run() throws {
        let scratch = try RunDirectory.make(below: common.directory, named: "watch-bench")
        defer { RunDirectory.remove(scratch) }
        var report = Report()
        var results: [Selection: Results] = [:]
        for round in 1...rounds {
            var unwatched = 0.0
            for selection in Selection.allCases {
                Report.note("\(selection.rawValue), round \(round) of \(rounds)")
                let directory = "\(scratch)/\(selection)-\(round)"
                try measure(selection, directory, &results[selection, default: Results()], &unwatched)
            }
        }
        for selection in Selection.allCases { add(selection, results[selection] ?? Results(), to: &report) }
        report.show(common.output)
    }

    private func measure(
        _ selection: Selection,
        _ directory: String,
        _ results: inout Results,
        _ unwatched: inout Double
    ) throws {
        var setup = Broker.Setup(program: common.program, scratch: directory)
        setup.logLevel = "info"
        try RunDirectory.make(at: directory)
        let broker = try Broker(setup)
        try Client(port: broker.port).createTopic("items", "{\"cleanup\":\"compact\"}")
        let connection = try HTTPConnection(port: broker.port)
        for number in 0..<items { try change(number, connection) }
        let version = try self.version(connection)
        let before = try ProcessFacts.residentMebibytes(broker.pid)
        let count = selection == .none ? 0 : watchers
        let targets = (0..<count).map { number in
            "/v1/collections/items?watch=true&resourceVersion=\(version)\(selection.parameter(number % shards))"
        }
        let swarm = try Swarm(port: broker.port, targets: targets)
        let thread = SystemThread { swarm.run() }
        defer {
            swarm.stop()
            thread.join()
        }
        // Whoever is told of the first change of his share is there.
        for shard in 0..<shards { try change(shard, connection) }
        try wait(swarm, for: count)

        swarm.clear()
        let processor = try ProcessFacts.processorSeconds(broker.pid)
        let changes = Int(rate * seconds)
        let begin = MonotonicClock.microseconds
        for number in 0..<changes {
            MonotonicClock.sleep(until: begin + Int64(Double(number) * 1_000_000 / rate))
            try change(number * 7 % items, connection)
        }
        MonotonicClock.sleep(until: begin + Int64(seconds * 1_000_000))
        try wait(swarm, for: count + changes * count / shards)
        let each = (try ProcessFacts.processorSeconds(broker.pid) - processor) * 1_000_000 / Double(changes)
        let resident = try ProcessFacts.residentMebibytes(broker.pid)
        results.each.add(each)
        if count == 0 {
            unwatched = each
        } else {
            let delays = LatencyHistogram(microseconds: swarm.delays)
            results.perWatcher.add((each - unwatched) / Double(count))
            results.p50.add(delays.milliseconds(percentile: 50))
            results.p99.add(delays.milliseconds(percentile: 99))
            results.kibibytes.add((resident - before) * 1024 / Double(count))
        }
        try broker.kill()
    }

    /// Changes an item; its value is the moment.
    private func change(_ number: Int, _ connection: HTTPConnection) throws {
        let label = "{\"label.shard\":\"\(number % shards)\"}"
        let record = "{\"key\":\"item-\(number)\",\"value\":\(MonotonicClock.microseconds),\"headers\":\(label)}"
        let fields = [("Content-Type", "application/json")]
        let body = Array("{\"records\":[\(record)]}".utf8)
        let answer = try connection.exchange(
            HTTPRequest("POST", "/v1/topics/items/records", headers: fields, body: body)
        )
        guard answer.status == 200 else {
            throw Client.Unexpected(description: "a change was answered \(answer.status): \(answer.text)")
        }
    }

    private func version(_ connection: HTTPConnection) throws -> String {
        let answer = try connection.exchange(HTTPRequest("GET", "/v1/collections/items?limit=1"))
        guard let version = JSONText(answer.body.prefix(300)).string("resourceVersion") else {
            throw Client.Unexpected(description: "a list was answered \(answer.status): \(answer.text)")
        }
        return version
    }

    private func wait(_ swarm: Swarm, for count: Int) throws {
        let deadline = MonotonicClock.microseconds + 120_000_000
        while swarm.deliveries.load(ordering: .acquiring) < count {
            guard MonotonicClock.microseconds < deadline else {
                let found = swarm.deliveries.load(ordering: .acquiring)
                throw Client.Unexpected(description: "\(found) of \(count) changes came within two minutes")
            }
            MonotonicClock.sleep(until: MonotonicClock.microseconds + 200)
        }
    }

    private func add(_ selection: Selection, _ results: Results, to report: inout Report) {
        let isWatched = selection != .none
        func cell(_ name: String, _ series: Series, _ decimals: Int) -> Report.Cell {
            isWatched ? Report.Cell(name, series, decimals) : Report.Cell(name, "")
        }
        report.add([
            Report.Cell("watched", selection.rawValue),
            Report.Cell("watchers", isWatched ? Double(watchers) : 0, 0),
            Report.Cell("broker's us a change", results.each, 0),
            cell("us a change and watcher", results.perWatcher, 2),
            cell("p50 ms", results.p50, 1),
            cell("p99 ms", results.p99, 1),
            cell("KiB a watcher", results.kibibytes, 0),
        ])
    }
}
