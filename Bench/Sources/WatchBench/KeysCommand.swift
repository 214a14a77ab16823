import ArgumentParser
import BenchSupport
import Glibc

/// `watch-bench keys`: what the index of a large collection costs, and how soon it is there again.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "What the index of a large collection costs, and how soon it is there again.",
        discussion: """
            A collection of many keys, two versions of each. The first list makes the index: its time, and what the broker's
            resident memory grows by. Then the whole list is read page by page. Then the broker is stopped and started: the time
            of the first list with the index as it was written down, and once more without that file.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "How many keys there are.") var keys = 1_000_000
    @Option(help: "How many items a page has.") var limit = 500

    private static let collection = "/v1/collections/items"

    func run() throws {
        let scratch = try RunDirectory.make(below: common.directory, named: "watch-bench")
        defer { RunDirectory.remove(scratch) }
        var setup = Broker.Setup(program: common.program, scratch: scratch)
        setup.logLevel = "info"
        var report = Report()

        let broker = try Broker(setup)
        try Client(port: broker.port).createTopic("items", "{\"cleanup\":\"compact\"}")
        for version in 1...2 { try fill(broker.port, version) }
        let before = try ProcessFacts.residentMebibytes(broker.pid)
        let made = try firstList(broker.port)
        let after = try ProcessFacts.residentMebibytes(broker.pid)
        let (pages, pageSeconds) = try readAll(broker.port)
        let stop = try seconds { try broker.stop() }
        let path = try Self.path(of: "\(setup.directory)/topics/*/0/keys")
        let size = try Self.size(of: path)
        report.add([
            Report.Cell("keys", Double(keys), 0),
            Report.Cell("index made, s", made, 2),
            Report.Cell("MiB before", before, 0),
            Report.Cell("MiB after", after, 0),
            Report.Cell("bytes a key", (after - before) * 1_048_576 / Double(keys), 0),
            Report.Cell("pages/s", Double(pages) / pageSeconds, 0),
            Report.Cell("items/s", Double(keys) / pageSeconds, 0),
            Report.Cell("stop, s", stop, 2),
            Report.Cell("written down, MiB", size / 1_048_576, 1),
            Report.Cell("first list with it, s", try restarted(setup), 2),
            Report.Cell("first list without, s", try restarted(setup, without: path), 2),
        ])
        report.show(common.output)
    }

    /// Starts a broker, asks it for the collection, and kills it.
    private func restarted(_ setup: Broker.Setup, without path: String? = nil) throws -> Double {
        if let path { try SystemFailure.check(unlink(path), "unlink", path) }
        let broker = try Broker(setup)
        let taken = try firstList(broker.port)
        let resident = try ProcessFacts.residentMebibytes(broker.pid)
        Report.note("the first list took \(fixed(taken, 2)) s, \(fixed(resident, 0)) MiB are resident")
        try broker.kill()
        return taken
    }

    /// Writes one version of every key.
    private func fill(_ port: UInt16, _ version: Int) throws {
        let connection = try HTTPConnection(port: port)
        let fields = [("Content-Type", "application/x-ndjson")]
        let step = 5000
        for start in stride(from: 0, to: keys, by: step) {
            var body = ""
            for number in start..<min(start + step, keys) {
                body +=
                    "{\"key\":\"warehouse/7/item/\(number)\",\"value\":{\"version\":\(version),\"number\":\(number)}}\n"
            }
            let request = HTTPRequest("POST", "/v1/topics/items/records", headers: fields, body: Array(body.utf8))
            let answer = try connection.exchange(request)
            guard answer.status == 200 else {
                throw Client.Unexpected(description: "the keys were answered \(answer.status): \(answer.text)")
            }
        }
        Report.note("version \(version) of \(keys) keys is there")
    }

    /// How long the first item of a list takes.
    private func firstList(_ port: UInt16) throws -> Double {
        try seconds { try Client(port: port).expect([200], of: HTTPRequest("GET", "\(Self.collection)?limit=1")) }
    }

    private func readAll(_ port: UInt16) throws -> (pages: Int, seconds: Double) {
        let connection = try HTTPConnection(port: port)
        var pages = 0
        let taken = try seconds {
            var next: String? = ""
            while let place = next {
                let target = "\(Self.collection)?limit=\(limit)" + (place.isEmpty ? "" : "&continue=\(place)")
                let answer = try connection.exchange(HTTPRequest("GET", target))
                guard answer.status == 200 else {
                    throw Client.Unexpected(description: "page \(pages) was answered \(answer.status): \(answer.text)")
                }
                pages += 1
                next = JSONText(answer.body.prefix(300)).string("continue").flatMap { $0.isEmpty ? nil : $0 }
            }
        }
        guard pages == (keys + limit - 1) / limit else {
            throw Client.Unexpected(description: "\(pages) pages of \(limit) are not \(keys) keys")
        }
        return (pages, taken)
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let begin = MonotonicClock.microseconds
        try body()
        return Double(MonotonicClock.microseconds - begin) / 1_000_000
    }

    private static func path(of pattern: String) throws -> String {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc == 1, let path = found.gl_pathv[0] else {
            throw SystemFailure(call: "find", path: pattern, code: ENOENT)
        }
        return String(cString: path)
    }

    private static func size(of path: String) throws -> Double {
        var facts = stat()
        try SystemFailure.check(stat(path, &facts), "stat", path)
        return Double(facts.st_size)
    }
}
