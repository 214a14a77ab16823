import BenchSupport

/// What a broker has counted so far, of its `/metrics`.
package struct BrokerCounters: Sendable {
    package let records: Double
    package let flushes: Double

    /// Asks the broker.
    package init(port: UInt16) throws {
        let text = try Client(port: port).expect([200], of: HTTPRequest("GET", "/metrics")).text
        records = try Self.value("millrace_records_appended_total", in: text)
        flushes = try Self.value("millrace_journal_flushes_total", in: text)
    }

    /// How many records shared a flush since then.
    package func recordsPerFlush(since before: BrokerCounters) -> Double {
        flushes > before.flushes ? (records - before.records) / (flushes - before.flushes) : .nan
    }

    private static func value(_ name: String, in text: String) throws -> Double {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name) ") {
            if let value = line.split(separator: " ").last.flatMap({ Double($0) }) { return value }
        }
        throw Client.Unexpected(description: "no \(name) among the metrics")
    }
}
