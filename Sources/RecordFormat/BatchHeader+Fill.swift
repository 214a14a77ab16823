extension BatchHeader {
    /// Writes the whole header of a new batch and the checksum over what follows: no place in a log, no producer yet.
    static func fill(
        _ batch: UnsafeMutableRawBufferPointer,
        attributes: BatchAttributes,
        recordCount: Int32,
        baseTimestamp: Timestamp,
        maxTimestamp: Timestamp
    ) {
        precondition(batch.count >= size, "\(batch.count) bytes have no room for a batch header")
        patch(batch, baseOffset: .zero, leaderEpoch: .unknown)
        store(magicValue, magicAt, in: batch)
        store(recordCount - 1, lastOffsetDeltaAt, in: batch)
        store(Int64(-1), producerIDAt, in: batch)
        store(Int16(-1), producerEpochAt, in: batch)
        store(Int32(-1), baseSequenceAt, in: batch)
        change(
            batch,
            attributes: attributes,
            recordCount: recordCount,
            baseTimestamp: baseTimestamp,
            maxTimestamp: maxTimestamp
        )
    }

    /// Writes what depends on the records that follow, and the checksum; place, last offset and producer stay.
    static func change(
        _ batch: UnsafeMutableRawBufferPointer,
        attributes: BatchAttributes,
        recordCount: Int32,
        baseTimestamp: Timestamp,
        maxTimestamp: Timestamp
    ) {
        precondition(batch.count >= size, "\(batch.count) bytes have no room for a batch header")
        store(Int32(batch.count - prefixSize), batchLengthAt, in: batch)
        store(attributes.rawValue, attributesAt, in: batch)
        store(baseTimestamp.millisecondsSinceEpoch, baseTimestampAt, in: batch)
        store(maxTimestamp.millisecondsSinceEpoch, maxTimestampAt, in: batch)
        store(recordCount, recordCountAt, in: batch)
        sealChecksum(batch)
    }

    /// Writes who made the batch, and the checksum.
    static func stampProducer(
        _ batch: UnsafeMutableRawBufferPointer,
        id: Int64,
        epoch: Int16,
        sequence: Int32
    ) {
        precondition(batch.count >= size, "\(batch.count) bytes are no batch to stamp")
        store(id, producerIDAt, in: batch)
        store(epoch, producerEpochAt, in: batch)
        store(sequence, baseSequenceAt, in: batch)
        sealChecksum(batch)
    }

    private static func sealChecksum(_ batch: UnsafeMutableRawBufferPointer) {
        let checksummed = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(batch)[checksummedFrom...])
        store(CRC32C.checksum(checksummed), checksumAt, in: batch)
    }

    private static func store<Value: FixedWidthInteger & BitwiseCopyable>(
        _ value: Value,
        _ position: Int,
        in batch: UnsafeMutableRawBufferPointer
    ) {
        batch.storeBytes(of: value.bigEndian, toByteOffset: position, as: Value.self)
    }
}
