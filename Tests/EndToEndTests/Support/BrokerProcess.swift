import Foundation
import MillraceClient

/// A broker as a process that serves.
struct BrokerProcess {
    let child: Child
    /// The data directory.
    let data: URL
    /// `http://127.0.0.1:PORT`.
    let server: String

    /// Starts a broker and waits for its line; the journal is small, so that a long run goes round its ring.
    static func start(
        in sandbox: Sandbox,
        data name: String = "data",
        port: String = "0",
        descriptorsMax: Int? = nil,
        _ more: String...
    ) async throws -> BrokerProcess {
        let data = sandbox.directory.appendingPathComponent(name)
        let arguments = ["serve", "--port", port, "--data-dir", data.path, "--journal-mib", "16", "--segment-mib", "1"]
        let child = try sandbox.millrace("broker", arguments: arguments + more, descriptorsMax: descriptorsMax)
        let line = try await eventually("the broker listens") {
            if let exit = child.exit { throw Overdue(description: "the broker ended: \(exit), \(child.errorText)") }
            return child.outputText.hasSuffix("\n") ? child.outputText.dropLast() : nil
        }
        guard let server = line.split(separator: " ").last, line.hasPrefix("listening on http://127.0.0.1:") else {
            throw Overdue(description: "the broker says: \(line)")
        }
        return BrokerProcess(child: child, data: data, server: String(server))
    }

    var port: String { String(server.split(separator: ":").last ?? "") }

    /// Stops it as an operator does, and waits for its end.
    func stop() async throws -> Child.Exit {
        child.send(SIGTERM)
        return try await child.ended()
    }

    /// Runs `body` with a client of this broker.
    func withClient<Result>(_ body: (MillraceClient) async throws -> Result) async throws -> Result {
        try await MillraceClient.withClient(server: server, body)
    }
}

extension MillraceClient {
    /// How many records of a topic can be read.
    func recordCount(_ topic: String) async throws -> Int64 {
        try await self.topic(topic).value.offsets?.reduce(0) { $0 + $1.visibleOffset } ?? 0
    }

    /// What a group has committed, by partition of its one topic.
    func committed(_ name: String) async throws -> [Int32: Int64] {
        let partitions = try await group(name).value.partitions
        return Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition, $0.committed ?? 0) })
    }

    /// Waits until a group's members have so many partitions each, in ascending order.
    func shared(_ name: String, as counts: [Int]) async throws {
        try await eventually("the group's shares are \(counts)") {
            // The group is there as soon as its first member is.
            let members = try? await group(name).value.members
            return members?.map(\.partitions.count).sorted() == counts
        }
    }

    /// Waits until a group has committed everything: so many records.
    func caughtUp(_ name: String, at count: Int) async throws {
        try await eventually("the group has committed all \(count) records", within: .seconds(120)) {
            let report = try await group(name).value
            return report.lag == 0 && report.partitions.reduce(0) { $0 + $1.end } == count
        }
    }
}
