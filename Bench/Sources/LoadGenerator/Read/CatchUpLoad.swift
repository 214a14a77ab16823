import BenchSupport

/// One connection that reads a whole topic as NDJSON.
package struct CatchUpLoad: Sendable {
    package var port: UInt16
    package var topic: String
    package var partitions: Int
    /// The server, whose processor time is counted.
    package var server: ProcessFamily?

    package init(port: UInt16, topic: String, partitions: Int) {
        self.port = port
        self.topic = topic
        self.partitions = partitions
    }

    /// What came of it.
    package struct Outcome: Sendable {
        package let records: Int
        package let bytes: Int
        package let seconds: Double
        package let serverSeconds: Double
        package let clientSeconds: Double
    }

    /// Reads to where the topic ends now.
    ///
    /// - Throws: When a record is missing, or comes out of order.
    package func run() throws -> Outcome {
        let expected = try Client(port: port).partitions(topic).map(\.end)
        var lines = RecordLines(topic: topic, partitions: partitions)
        let serverBefore = try server?.processorSeconds() ?? 0
        let clientBefore = ProcessFacts.ownSeconds
        let begin = MonotonicClock.nanoseconds
        let target = "/v1/topics/\(topic)/records?from=earliest&to=latest&watch=true&framing=ndjson"
        let stream = try RecordStream(port: port, target: target)
        while !stream.isOver {
            let hasCome = try stream.read(waitMilliseconds: 10_000, &lines) { try Self.check($0) }
            guard hasCome else { throw HTTPConnection.Broken(description: "nothing came for ten seconds") }
        }
        let seconds = Double(MonotonicClock.nanoseconds - begin) / 1e9
        guard lines.next == expected else {
            throw Client.Unexpected(description: "read up to \(lines.next), the ends are \(expected)")
        }
        return Outcome(
            records: lines.count,
            bytes: stream.receivedBytes,
            seconds: seconds,
            serverSeconds: (try server?.processorSeconds() ?? 0) - serverBefore,
            clientSeconds: ProcessFacts.ownSeconds - clientBefore
        )
    }

    /// Whatever is no record is a bookmark or the farewell.
    private static func check(_ line: [UInt8]) throws {
        let type = JSONText(line[...]).string("type")
        guard type == "bookmark" || type == "goodbye" else {
            throw Client.Unexpected(description: String(decoding: line, as: UTF8.self))
        }
    }
}
