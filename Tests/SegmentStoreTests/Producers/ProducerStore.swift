import BrokerTestSupport
import NIOCore
import RecordFormat
import SegmentStore
import Testing

/// A store to which producers send.
extension TestStore {
    static func producer(_ id: String) -> ProducerName {
        ProducerName(namespace: .default, principal: "anonymous", id: id)
    }

    /// A request of a producer, with the values for each partition; nil and the refusal when it has no number.
    func request(
        _ id: String,
        _ sequence: Int32,
        epoch: Int16 = 0,
        topic: TopicID = topic,
        expected: Offset? = nil,
        _ values: [Int32: [String]]
    ) throws -> (request: CommitRequest?, refusal: ProducerRefusal?) {
        if !store.hasLoadedProducers(of: topic) { try store.loadProducers(of: topic) }
        let name = Self.producer(id)
        switch store.producerNumber(of: name, sequence: sequence) {
        case .refused(let refusal): return (nil, refusal)
        case .number(let number):
            let appends = values.sorted { $0.key < $1.key }.map { partition, values in
                PartitionAppend(
                    key: PartitionKey(topic: topic, partition: PartitionIndex(partition)),
                    batches: [StoreWorkload.batch(values)],
                    expectedOffset: expected
                )
            }
            let request = try CommitRequest(
                appends: appends,
                producer: name,
                number: number,
                epoch: epoch,
                sequence: sequence
            )
            return (request, nil)
        }
    }

    /// Sends a request of a producer in a round of its own.
    func send(
        _ id: String,
        _ sequence: Int32,
        epoch: Int16 = 0,
        topic: TopicID = topic,
        expected: Offset? = nil,
        _ values: [Int32: [String]]
    ) throws -> CommitOutcome {
        let (request, refusal) = try request(
            id,
            sequence,
            epoch: epoch,
            topic: topic,
            expected: expected,
            values
        )
        if let refusal { return .refused(.producer(refusal)) }
        if store.checkpointUrgency == .mustWait { try checkpoint() }
        let sent = try #require(request)
        return try #require(try store.commit([sent]).first)
    }

    /// Makes a request of the producer `p`.
    func request(_ sequence: Int32, _ values: [Int32: [String]]) throws -> (
        request: CommitRequest?, refusal: ProducerRefusal?
    ) {
        try request("p", sequence, values)
    }

    /// Sends a request of the producer `p`.
    func send(
        _ sequence: Int32,
        epoch: Int16 = 0,
        topic: TopicID = topic,
        expected: Offset? = nil,
        _ values: [Int32: [String]]
    ) throws -> CommitOutcome {
        try send("p", sequence, epoch: epoch, topic: topic, expected: expected, values)
    }

    /// Stops in order, and starts again.
    func restarted() throws -> TestStore {
        try store.close()
        return try TestStore(fileSystem.afterProcessDeath())
    }
}

extension CommitOutcome {
    /// Where the records are that were there before; nil when it is something else.
    var duplicateSpans: [AppendedSpan]? {
        guard case .duplicate(let ranges) = self else { return nil }
        return ranges.map { AppendedSpan($0.base.value, $0.end.value) }
    }

    /// Why the producer's window refused.
    var refusal: ProducerRefusal? {
        guard case .refused(.producer(let refusal)) = self else { return nil }
        return refusal
    }
}
