import Foundation
import Testing

/// What must hold after a run, whatever happened during it.
struct RunChecks {
    let topic: String
    let stream: ChangeStream
    /// The topic's records as the independent reader found them in the segments.
    let stored: [StoredRecord]
    /// The same as the API answered them while the broker was there.
    let answered: [String]

    /// Asks the broker for the whole topic, stops it, and has its segments read by somebody else.
    init(
        _ topic: String,
        _ stream: ChangeStream,
        _ broker: BrokerProcess,
        _ sandbox: Sandbox,
        _ reader: IndependentReader
    ) async throws {
        self.topic = topic
        self.stream = stream
        answered = try await Self.answers(topic, broker, sandbox)
        let id = try await broker.withClient { try await $0.topic(topic).value.id }
        #expect(try await broker.stop() == .status(0))
        stored = try await reader.records(below: broker.data, in: sandbox).filter { $0.topic == id }
    }

    /// The log holds the stream: every event once, each where Kafka's rule puts its key, in the order of publishing.
    ///
    /// One publisher sent it, request by request, so each partition is the stream with the other partitions' keys left
    /// out; the order of each key follows from that.
    func logIsTheStream() {
        #expect(stored.count == stream.lines.count)
        var partitions: [String: Int32] = [:]
        for record in stored { partitions[record.keyText] = record.partition }
        let misplaced = stored.count { $0.partition != $0.partitionOfKey || partitions[$0.keyText] != $0.partition }
        #expect(misplaced == 0, "records in a partition that is not their key's")
        var published: [Int32: [String]] = [:]
        for (line, event) in zip(stream.lines, stream.events) {
            published[partitions[event.subject] ?? -1, default: []].append(event.subject + "\t" + line)
        }
        let found = Dictionary(grouping: stored, by: \.partition).mapValues { records in
            records.map { $0.keyText + "\t" + $0.valueText }
        }
        #expect(Set(found.keys) == Set(published.keys))
        for (partition, lines) in published {
            let difference = zip(lines, found[partition] ?? []).first { $0 != $1 }
            #expect(difference == nil, "partition \(partition): published and stored")
            #expect(lines.count == found[partition]?.count, "partition \(partition)")
        }
    }

    /// The API answers what the segments hold: topic, partition, offset, timestamp, key, and the value's very bytes.
    func answersAreTheLog() {
        let expected = Set(stored.map { $0.line(topic: topic) })
        #expect(answered.count == stored.count)
        #expect(Set(answered).symmetricDifference(expected).sorted().prefix(3) == [])
    }

    /// Every record of the log was delivered to a worker, none that is not in the log was, and all say the same.
    func everythingWasDelivered(_ deliveries: [Delivery]) {
        let expected = Set(stored.map { $0.line(topic: topic) })
        #expect(Set(deliveries.map(\.line)).symmetricDifference(expected).sorted().prefix(3) == [])
        #expect(ChangeStream.Totals(counting: deliveries.once.lazy.map(\.event)) == stream.totals)
    }

    private static func answers(
        _ topic: String,
        _ broker: BrokerProcess,
        _ sandbox: Sandbox
    ) async throws -> [String] {
        let count = try await broker.withClient { try await $0.recordCount(topic) }
        let page = "/v1/topics/\(topic)/records?from=earliest&watch=true&framing=ndjson&limit=\(count)"
        let output = try await sandbox.run("reading", "curl", ["-sS", "-N", "--max-time", "120", broker.server + page])
        return try Lines.read(output).filter { $0.hasPrefix(#"{"type":"record""#) }
    }
}
