import BrokerTestSupport
import Foundation
import Testing

/// A collection that a stream of changes is published to, key by key, and readers that follow it.
struct CollectionRun {
    /// What a reader tells at its end.
    private struct Outcome {
        let fields: [String: Any]

        init(_ text: String) throws {
            let found = try JSONSerialization.jsonObject(with: Data(text.utf8))
            guard let fields = found as? [String: Any] else { throw Overdue(description: "a reader says: \(text)") }
            self.fields = fields
        }

        func count(_ name: String) -> Int { fields[name] as? Int ?? -1 }
        var state: NSDictionary { fields["state"] as? NSDictionary ?? [:] }
    }

    private static let collection = "changes"
    private let sandbox: Sandbox
    private let stream: ChangeStream
    private let seed: UInt64
    private var random: SplitMix64
    private(set) var broker: BrokerProcess
    /// How many lines of the stream are stored.
    private(set) var published = 0
    private var isCompacting = false
    private(set) var listCount = 0
    private var patchCount = 0
    private var connectionCount = 0

    static func start(in sandbox: Sandbox, _ stream: ChangeStream, seed: UInt64) async throws -> CollectionRun {
        let broker = try await BrokerProcess.start(in: sandbox)
        let settings = #"{"cleanup":"compact","segmentBytesMax":262144}"#
        let answer = try await Curl(broker, sandbox).send("PUT", "/v1/topics/\(collection)", json: settings)
        try #require(answer.status == 201, "\(answer.body)")
        return CollectionRun(sandbox, stream, seed, broker)
    }

    private init(_ sandbox: Sandbox, _ stream: ChangeStream, _ seed: UInt64, _ broker: BrokerProcess) {
        (self.sandbox, self.stream, self.seed, self.broker) = (sandbox, stream, seed, broker)
        random = SplitMix64(seed: seed)
    }

    var summary: String { "\(connectionCount) connections, \(listCount) lists, \(patchCount) patches" }

    /// The collection's version now.
    func version() async throws -> String {
        let answer = try await Curl(broker, sandbox).send("/v1/collections/\(Self.collection)?limit=1")
        return String(try #require(answer.body.firstMatch(of: /"resourceVersion":"([0-9]+)"/)).output.1)
    }

    /// Starts a reader that ends at an item; from a version with nothing, else with a list.
    func read(_ form: String, to end: String, from version: String? = nil) throws -> Child {
        let arguments = [broker.server, Self.collection, form, "\(seed)", end] + (version.map { [$0] } ?? [])
        return try PythonScript("collection-reader.py").start(in: sandbox, arguments: arguments)
    }

    /// Publishes the stream up to a line; between two requests the broker is stopped, or killed, so many times.
    mutating func publish(upTo end: Int, disturbedBy count: Int) async throws {
        let step = max(1, (end - published) / 20)
        let starts = Array(stride(from: published, to: end, by: step))
        let disturbed = Set(starts.dropFirst().shuffled(using: &random).prefix(count))
        for start in starts {
            if disturbed.contains(start) {
                if Bool.random(using: &random) { try await broker.child.crash() } else { _ = try await broker.stop() }
                try await restart(compacting: isCompacting)
            }
            let lines = (start..<min(start + step, end)).map { number in
                let event = stream.events[number]
                let value = event.change == "DELETED" ? "null" : stream.lines[number]
                return #"{"key":\#(Self.quoted(event.subject)),"value":\#(value)}"#
            }
            try await post(lines)
            published += lines.count
        }
    }

    /// Puts an item by which readers know the end.
    func put(_ key: String) async throws {
        try await post([#"{"key":"\#(key)","value":{}}"#])
    }

    private func post(_ lines: [String]) async throws {
        let file = sandbox.directory.appendingPathComponent("\(UUID().uuidString).ndjson")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let answer = try await Curl(broker, sandbox).send(
            "/v1/topics/\(Self.collection)/records",
            "-H",
            "Content-Type: application/x-ndjson",
            "--data-binary",
            "@\(file.path)"
        )
        try #require(answer.status == 200, "\(answer.body)")
    }

    private static func quoted(_ text: String) -> String {
        (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// Stops the broker if it runs, and starts it where it was.
    mutating func restart(compacting: Bool) async throws {
        if broker.child.exit == nil { _ = try await broker.stop() }
        isCompacting = compacting
        let lag = compacting ? "0" : "86400"
        broker = try await BrokerProcess.start(in: sandbox, port: broker.port, "--compaction-lag-seconds", lag)
    }

    /// Waits until something was compacted away.
    func compacted() async throws {
        try await eventually("a compaction ends") { broker.child.errorText.contains("compaction ends") }
    }

    /// The state after so many lines.
    func state(upTo end: Int) -> NSDictionary {
        let state = NSMutableDictionary()
        for (event, line) in zip(stream.events, stream.lines).prefix(end) {
            let isThere = event.change != "DELETED"
            state[event.subject] = isThere ? try? JSONSerialization.jsonObject(with: Data(line.utf8)) : nil
        }
        return state
    }

    /// Waits for readers' ends, and compares what they have with what was published, and with each other.
    ///
    /// - Parameter totals: what everybody must have been told, change by change, without a list.
    /// - Returns: the version at which they all are.
    @discardableResult
    mutating func finish(_ readers: [Child], on totals: ChangeStream.Totals?) async throws -> String {
        let expected = state(upTo: published)
        var versions: Set<String> = []
        for reader in readers {
            #expect(try await reader.ended(within: .seconds(120)) == .status(0), "\(reader.errorText)")
            let outcome = try Outcome(reader.outputText)
            let found = outcome.state.mutableCopy() as? NSMutableDictionary ?? [:]
            for key in found.allKeys where (key as? String)?.hasPrefix("~") == true { found.removeObject(forKey: key) }
            #expect(found.isEqual(to: expected as? [AnyHashable: Any] ?? [:]), "\(reader.name) has another state")
            if let totals {
                let counts = ["ADDED", "MODIFIED", "DELETED", "lists"].map { outcome.count($0) }
                #expect(counts == [totals.added, totals.modified, totals.deleted, 0], "\(reader.name)")
            }
            listCount += outcome.count("lists")
            patchCount += outcome.count("patches")
            connectionCount += outcome.count("connections")
            versions.insert(outcome.fields["version"] as? String ?? "")
        }
        #expect(versions.count == 1)
        return versions.first ?? ""
    }
}
