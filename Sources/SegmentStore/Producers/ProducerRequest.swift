import RecordFormat

/// A producer's mark on a request: whose it is, and which one of his.
///
/// The round decides by it whether the request is new, a duplicate, or refused. All appends of the request are for one
/// topic and for partitions that differ.
public struct ProducerRequest: Sendable {
    /// The producer.
    public let name: ProducerName
    /// The number that stands for the name in the batches.
    public let number: Int64
    /// The producer's epoch: a higher one fences the lower ones.
    public let epoch: Int16
    /// The number of the request, counted by the producer on this topic and in this epoch from 0.
    public let sequence: Int32
    /// The checksum of the content of each append, in their order.
    let checksums: [UInt32]

    /// The lowest number of a producer; the ids that Kafka's clients are given lie below.
    public static let numberMin: Int64 = 1 << 62
    /// The last sequence of an epoch.
    public static let sequenceMax = Int32.max
}

extension CommitRequest {
    /// A request of a producer: every batch is stamped, and the content of every append summed up.
    ///
    /// Costs one pass over the batches for the sums and one for their new checksums; not for the journal thread.
    ///
    /// - Precondition: the appends are for one topic, each for another partition.
    /// - Throws: `FormatError` when a batch cannot be walked.
    public init(
        appends: [PartitionAppend],
        producer name: ProducerName,
        number: Int64,
        epoch: Int16,
        sequence: Int32
    ) throws(FormatError) {
        precondition(Set(appends.map(\.key)).count == appends.count, "a producer's request names a partition twice")
        precondition(Set(appends.map(\.key.topic)).count == 1, "a producer's request is for one topic")
        var checksums: [UInt32] = []
        var stamped: [PartitionAppend] = []
        for append in appends {
            var checksum: UInt32 = 0
            for batch in append.batches { checksum = try batch.contentChecksum(seed: checksum) }
            checksums.append(checksum)
            let batches = append.batches.map { $0.stamping(producerID: number, epoch: epoch, sequence: sequence) }
            stamped.append(
                PartitionAppend(key: append.key, batches: batches, expectedOffset: append.expectedOffset)
            )
        }
        self.init(appends: stamped)
        producer = ProducerRequest(
            name: name,
            number: number,
            epoch: epoch,
            sequence: sequence,
            checksums: checksums
        )
    }

    /// What the producer's window is asked about the request.
    func sent(by producer: ProducerRequest) -> SentRequest {
        let parts = zip(appends, producer.checksums).map { append, checksum in
            SentRequest.Part(
                partition: append.key.partition,
                count: append.batches.reduce(0) { $0 + Int32($1.recordCount) },
                checksum: checksum
            )
        }
        return SentRequest(epoch: producer.epoch, sequence: producer.sequence, parts: parts)
    }
}
