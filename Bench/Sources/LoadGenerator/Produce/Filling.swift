import BenchSupport

/// Fills a topic with records to read, evenly over its partitions.
package struct Filling: Sendable {
    private let port: UInt16
    private let topic: String
    private let partitions: Int
    private let recordBytes: Int
    private static let linesEach = 5000

    package init(port: UInt16, topic: String, partitions: Int, recordBytes: Int) {
        self.port = port
        self.topic = topic
        self.partitions = partitions
        self.recordBytes = recordBytes
    }

    /// Adds so many records.
    package func add(_ count: Int) throws {
        let connection = try HTTPConnection(port: port)
        let value = "{\"n\":\"" + String(repeating: "x", count: max(0, recordBytes - 8)) + "\"}\n"
        let lines = Array(repeating: Array(value.utf8), count: Self.linesEach)
        var left = count
        var turn = 0
        while left > 0 {
            let some = min(left, Self.linesEach)
            let target = "/v1/topics/\(topic)/records?as=values&partition=\(turn % partitions)"
            let fields = [("Content-Type", "application/x-ndjson")]
            let body = Array(lines[..<some].joined())
            let answer = try connection.exchange(HTTPRequest("POST", target, headers: fields, body: body))
            guard answer.status == 200 else {
                throw Client.Unexpected(description: "answered \(answer.status): \(answer.text)")
            }
            left -= some
            turn += 1
        }
    }
    /// Puts one record into each of the partitions, in requests of a hundred.
    package static func touch(_ partitions: Int, of topic: String, port: UInt16) throws {
        let connection = try HTTPConnection(port: port)
        let fields = [("Content-Type", "application/x-ndjson")]
        for first in stride(from: 0, to: partitions, by: 100) {
            let numbers = first..<min(first + 100, partitions)
            let lines = numbers.map { "{\"partition\":\($0),\"value\":{\"n\":\($0)}}\n" }
            let body = Array(lines.joined().utf8)
            let answer = try connection.exchange(
                HTTPRequest("POST", "/v1/topics/\(topic)/records", headers: fields, body: body)
            )
            guard answer.status == 200 else {
                throw Client.Unexpected(description: "answered \(answer.status): \(answer.text)")
            }
        }
    }
}
