import BrokerTestSupport
import Foundation
import Testing

/// A topic that is written to, and what is done to it and to its broker meanwhile.
struct WatchChurn {
    private enum Disturbance {
        case kill, stop, grow, trim
        /// A reader stands still for a while, and so does what is sent to it.
        case pause
    }

    private static let topic = "changes"
    private let sandbox: Sandbox
    private let seed: UInt64
    private var random: SplitMix64
    private(set) var broker: BrokerProcess
    private let writers: [Child]
    private var readers: [Child] = []
    /// The first eight digits of the topic's id: what its cursors begin with.
    private let tag: String

    static func start(in sandbox: Sandbox, seed: UInt64) async throws -> WatchChurn {
        let broker = try await BrokerProcess.start(in: sandbox, "--maintenance-seconds", "1")
        let settings = #"{"partitions":2,"retentionBytes":131072,"segmentBytesMax":65536}"#
        let answer = try await Curl(broker, sandbox).send("PUT", "/v1/topics/\(topic)", json: settings)
        let id = try #require(answer.body.firstMatch(of: /"id":"([0-9a-f]{8})/)).output.1
        return try WatchChurn(sandbox, seed, broker, tag: String(id))
    }

    private init(_ sandbox: Sandbox, _ seed: UInt64, _ broker: BrokerProcess, tag: String) throws {
        (self.sandbox, self.seed, self.broker, self.tag) = (sandbox, seed, broker, tag)
        random = SplitMix64(seed: seed)
        let script = try PythonScript("log-writer.py")
        writers = try ["ana", "ben"].map { name in
            try script.start(in: sandbox, arguments: [broker.server, Self.topic, name, "\(seed)"])
        }
    }

    /// A cursor of the topic.
    func cursor(_ offsets: [Int64]) -> String {
        tag + ":" + offsets.map { "\($0)" }.joined(separator: ".")
    }

    /// Starts a reader that begins where the log once began.
    ///
    /// - Parameter end: Where it ends, if it reads in one go.
    func read(_ framing: String, to end: String? = nil) throws -> Child {
        let arguments = [broker.server, Self.topic, framing, "\(seed)", cursor([0])] + (end.map { [$0] } ?? [])
        return try PythonScript("log-reader.py").start(in: sandbox, arguments: arguments)
    }

    /// Starts a reader that is disturbed, too.
    mutating func read(_ framing: String) throws -> Child {
        let reader = try read(framing, to: nil)
        readers.append(reader)
        return reader
    }

    /// Disturbs everybody, in an order that is the seed's; between two disturbances the writers go on.
    mutating func run() async throws {
        var left: [Disturbance] = [
            .kill, .kill, .kill, .stop, .stop, .grow, .grow, .trim, .trim, .trim, .pause, .pause,
        ]
        while !left.isEmpty {
            try await progress()
            try await suffer(left.remove(at: random.below(left.count)))
        }
        try await progress()
    }

    /// Waits until the writers have been told of some hundred records more.
    private func progress() async throws {
        let before = written
        try await eventually("the writers go on") {
            for child in writers + readers {
                if let exit = child.exit { throw Overdue(description: "\(child.name): \(exit), \(child.errorText)") }
            }
            return written > before + 8000
        }
    }

    private var written: Int {
        writers.reduce(0) { sum, writer in
            let size = try? FileManager.default.attributesOfItem(atPath: writer.output.path)[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    private mutating func suffer(_ disturbance: Disturbance) async throws {
        let curl = Curl(broker, sandbox)
        switch disturbance {
        case .kill:
            try await broker.child.crash()
            try await restart()
        case .stop:
            #expect(try await broker.stop() == .status(0))
            try await restart()
        case .grow:
            let count = try await offsets().count
            try await change(#"{"partitions":\#(count + 1)}"#)
        case .trim:
            let offsets = try await offsets()
            let partition = random.below(offsets.count)
            let (start, end) = offsets[partition]
            let path = "/v1/topics/\(Self.topic)/partitions/\(partition)/records?before=\((start + end) / 2)"
            #expect(try await curl.send(path, "-X", "DELETE").status == 200)
        case .pause:
            let reader = readers[random.below(readers.count)]
            reader.send(SIGSTOP)
            try await progress()
            reader.send(SIGCONT)
        }
    }

    private mutating func restart() async throws {
        broker = try await BrokerProcess.start(in: sandbox, port: broker.port, "--maintenance-seconds", "1")
    }

    private func change(_ settings: String) async throws {
        #expect(try await Curl(broker, sandbox).send("PATCH", "/v1/topics/\(Self.topic)", json: settings).status == 200)
    }

    private func offsets() async throws -> [(start: Int64, end: Int64)] {
        let offsets = try await broker.withClient { try await $0.topic(Self.topic).value.offsets }
        return try #require(offsets).map { ($0.logStartOffset, $0.visibleOffset) }
    }

    /// Lets writers and retention come to an end, and returns what there is to be read; each record was stored once.
    mutating func settle() async throws -> WatchHistoryChecks.Truth {
        for writer in writers { writer.send(SIGTERM) }
        for writer in writers { #expect(try await writer.ended() == .status(0), "\(writer.errorText)") }
        // Whatever retention was about to remove when this was said is gone with the broker's end.
        try await change(#"{"retentionBytes":null}"#)
        try await suffer(.stop)
        let offsets = try await offsets()
        var published: [[Int64: UInt32]] = Array(repeating: [:], count: offsets.count)
        var count = 0
        for line in try writers.flatMap({ try Lines.read($0.output) }) {
            let numbers = line.split(separator: " ").dropFirst().compactMap { Int64($0) }
            published[Int(numbers[0])][numbers[1]] = UInt32(numbers[2])
            count += 1
        }
        #expect(Int64(count) == offsets.reduce(0) { $0 + $1.end })
        #expect(published.map { Int64($0.count) } == offsets.map(\.end))
        return WatchHistoryChecks.Truth(published: published, starts: offsets.map(\.start), ends: offsets.map(\.end))
    }

    /// Waits until a reader has had everything, and ends it.
    func finish(_ reader: Child) async throws {
        let end = "cursor " + cursor(try await offsets().map(\.end)) + "\n"
        try await eventually("\(reader.name) has had everything") {
            if let exit = reader.exit { throw Overdue(description: "\(reader.name): \(exit), \(reader.errorText)") }
            return reader.outputText.contains(end)
        }
        try await reader.crash()
    }
}
