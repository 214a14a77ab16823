import RecordFormat

/// What one partition's batches tell of its producers: the last five requests of each that touched it.
///
/// It is read from a snapshot and the batches behind it, and merged with those of the topic's other partitions: a
/// request that is among a producer's last five is among its last five of every partition that it touched.
struct PartitionProducers: Hashable, Sendable {
    /// By the producer's number.
    private(set) var windows: [Int64: Window] = [:]
    /// Of producers with a lower number something may have been lost.
    var knownFrom = ProducerRequest.numberMin

    /// The last requests of one producer in the partition.
    struct Window: Hashable, Sendable {
        var epoch: Int16
        /// In the order of their sequences, at most `ProducerWindow.requestsMax`.
        var shares: [Share]
    }

    /// One request's share.
    struct Share: Hashable, Sendable {
        let sequence: Int32
        let base: Offset
        var count: Int32
        var checksum: UInt32

        var end: Offset { base.advanced(by: Int(count)) }
    }

    init() {}

    init(windows: [Int64: Window], knownFrom: Int64) {
        self.windows = windows
        self.knownFrom = knownFrom
    }

    /// Adds a later share.
    mutating func add(_ share: Share, of number: Int64, epoch: Int16) {
        windows[number, default: Window(epoch: epoch, shares: [])].shares.append(share)
    }

    /// Notes a batch, which follows all that were noted before.
    ///
    /// - Throws: what the walk over its records throws.
    mutating func note(_ batch: RecordBatch, from producer: BatchProducer) throws(FormatError) {
        var window = windows[producer.number] ?? Window(epoch: producer.epoch, shares: [])
        guard producer.epoch >= window.epoch else { return }
        if producer.epoch > window.epoch { window = Window(epoch: producer.epoch, shares: []) }
        if let last = window.shares.last, last.sequence == producer.sequence, last.end == batch.baseOffset {
            // A share of several batches.
            let index = window.shares.count - 1
            window.shares[index].checksum = try batch.contentChecksum(seed: last.checksum)
            window.shares[index].count += Int32(batch.recordCount)
        } else {
            // A snapshot may hold requests of behind its offset: the batch tells the same again.
            window.shares.removeAll { $0.sequence >= producer.sequence }
            let share = Share(
                sequence: producer.sequence,
                base: batch.baseOffset,
                count: Int32(batch.recordCount),
                checksum: try batch.contentChecksum()
            )
            window.shares.append(share)
            if window.shares.count > ProducerWindow.requestsMax { window.shares.removeFirst() }
        }
        windows[producer.number] = window
    }
}

/// Whose a batch is, by its header.
struct BatchProducer: Hashable {
    let number: Int64
    let epoch: Int16
    let sequence: Int32

    /// The producer of a batch; nil when it has none of ours.
    init?(of header: UnsafeRawBufferPointer) {
        number = BatchHeader.producerID(header)
        guard number >= ProducerRequest.numberMin else { return nil }
        epoch = BatchHeader.producerEpoch(header)
        sequence = BatchHeader.baseSequence(header)
    }
}
