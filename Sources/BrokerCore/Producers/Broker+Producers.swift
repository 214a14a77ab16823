import RecordFormat
import SegmentStore

extension Broker {
    /// Makes a producer's request of its parts: waits for the topic's windows, gets the producer's number, and stamps it.
    ///
    /// Costs two passes over the batches, on the caller's thread.
    func request(
        _ parts: [PartitionAppend],
        to targets: [TopicPartition],
        from producer: ProducerSequence
    ) async throws(BrokerError) -> CommitRequest {
        guard let first = targets.first, targets.allSatisfy({ $0.topic == first.topic }) else {
            throw .invalid("a request with a producer is for one topic")
        }
        let topic = try registry.topic(first.topic)
        guard parts.allSatisfy({ $0.key.topic == topic.id }) else { throw .topicNotFound(first.topic) }
        guard Set(parts.map(\.key)).count == parts.count else {
            throw .invalid("a request with a producer names each partition once")
        }
        let name = try name(of: producer, in: topic.name.namespace)
        let bytes = parts.reduce(0) { sum, part in sum + part.batches.reduce(0) { $0 + $1.encodedBytes.value } }
        try await producers.load(topic, bytes: bytes)
        switch store.producerNumber(of: name, sequence: producer.sequence) {
        case .refused(let refusal):
            throw BrokerError(refusal, of: producer)
        case .number(let number):
            do {
                return try CommitRequest(
                    appends: parts,
                    producer: name,
                    number: number,
                    epoch: producer.epoch,
                    sequence: producer.sequence
                )
            } catch {
                throw .invalid("a batch cannot be read: \(error)")
            }
        }
    }

    private func name(of producer: ProducerSequence, in namespace: Namespace) throws(BrokerError) -> ProducerName {
        guard (1...ProducerSequence.idBytesMax).contains(producer.id.utf8.count) else {
            throw .invalid("a producer's id has 1 to \(ProducerSequence.idBytesMax) bytes")
        }
        guard producer.epoch >= 0, producer.sequence >= 0 else {
            throw .invalid("a producer's epoch and sequence begin at 0")
        }
        guard producer.principal.name.utf8.count <= ProducerName.partBytesMax else {
            throw .invalid("the principal's name is longer than \(ProducerName.partBytesMax) bytes")
        }
        return ProducerName(namespace: namespace, principal: producer.principal.name, id: producer.id)
    }
}

extension BrokerError {
    /// What a refusal by a producer's window is to the outside.
    init(_ refusal: ProducerRefusal, of producer: ProducerSequence) {
        let sequence = producer.sequence
        switch refusal {
        case .fenced(let current):
            self = .producerFenced(current: current)
        case .unknownProducer:
            self = .producerUnknown(received: sequence)
        case .sequenceGap(let expected):
            self = .producerSequenceGap(expected: expected, received: sequence)
        case .contentDiffers:
            self = .producerSequenceReused(sequence)
        case .beforeWindow(let oldest):
            self = .producerDuplicateUnknown(
                "request \(sequence) of the producer is stored, and its offsets are not remembered any more: the oldest"
                    + " that are belong to request \(oldest); go on with the next sequence, or, after the last one,"
                    + " raise the epoch and begin at 0"
            )
        case .routedDifferently:
            self = .producerDuplicateUnknown(
                "request \(sequence) of the producer is stored, and since the topic has got more partitions it cannot be"
                    + " told whether this is the same one; read the topic, and go on with the next sequence"
            )
        case .stateLost:
            self = .producerDuplicateUnknown(
                "what this producer stored on the topic was lost with damaged files, so that a retry could be stored"
                    + " twice; read the topic, and go on under another Producer-Id"
            )
        case .forgotten:
            self = .storageRefused("the producer was forgotten meanwhile; try again")
        case .tooManyProducers(let max):
            self = .tooManyProducers(
                "\(max) producers are remembered, as many as may be; the idle ones are forgotten in time"
            )
        case .tooManyParts(let max):
            self = .tooManyProducers(
                "the last requests of all producers hold \(max) parts, as many as may be; the idle ones are forgotten in time"
            )
        }
    }
}
