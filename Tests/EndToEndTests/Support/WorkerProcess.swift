import Foundation

/// A worker as a process: `millrace work --output json`, writing to a file.
final class WorkerProcess {
    let name: String
    let child: Child
    private var countedBytes: UInt64 = 0
    private var countedLines = 0

    init(_ name: String, group: String, topic: String, of broker: BrokerProcess, in sandbox: Sandbox) throws {
        self.name = name
        child = try sandbox.millrace(
            name,
            "work",
            group,
            "--topics",
            topic,
            "--server",
            broker.server,
            "--output",
            "json",
            "--commit-timeout",
            "8000"
        )
    }

    /// How many records it has printed by now; each line is looked at once.
    func printedCount() throws -> Int {
        let file = try FileHandle(forReadingFrom: child.output)
        defer { try? file.close() }
        try file.seek(toOffset: countedBytes)
        guard let bytes = try file.readToEnd() else { return countedLines }
        countedBytes += UInt64(bytes.count)
        countedLines += Lines.count(bytes)
        return countedLines
    }

    /// How many times it has noted the loss of its connection.
    var lossCount: Int { child.errorText.components(separatedBy: "; again in ").count - 1 }

    /// The member that it was, each time it joined.
    var members: [String] {
        child.errorText.split(separator: "\n").filter { $0.contains(": joined ") }.compactMap { line in
            line.split(separator: " ").last.map(String.init)
        }
    }

    /// What it has printed by now.
    ///
    /// A last line without its end is none: the process was killed while it printed it.
    func deliveries() throws -> [Delivery] {
        try Delivery.list(in: child.output, worker: name)
    }

    /// Stops it as an operator does; it must commit and leave in good order.
    func stop() async throws -> Child.Exit {
        child.send(SIGTERM)
        return try await child.ended()
    }
}
