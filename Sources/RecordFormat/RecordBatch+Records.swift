import NIOCore

extension RecordBatch {
    /// What the records of a compressed batch may inflate to when the caller does not say.
    public static let inflatedBytesMaxDefault = Limits().inflatedBatchBytesMax

    /// Walks the records in order, each with the pointer that its ranges index into.
    ///
    /// The pointer is the batch itself, or the inflated records when it is compressed; it must not outlive the call.
    /// Every length is checked before `body` sees the record, so a damaged batch throws `FormatError` after the records
    /// before the damage. Allocates nothing for a record, and one buffer for a compressed batch.
    /// What `body` throws ends the walk and is thrown on.
    public func forEachRecord(
        inflatedBytesMax: ByteCount = inflatedBytesMaxDefault,
        _ body: (borrowing Record, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        try section.bytes.withUnsafeReadableBytes { bytes in
            var scanner = RecordScanner(bytes, startingAt: section.start, of: self)
            while let record = try scanner.next() {
                try body(record, bytes)
            }
        }
    }

    /// Checks every record and returns them all, their bytes as slices: for small uses.
    public func decodedRecords(
        inflatedBytesMax: ByteCount = inflatedBytesMaxDefault
    ) throws(FormatError) -> [DecodedRecord] {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        return try section.bytes.withUnsafeReadableBytes { (bytes) throws(FormatError) in
            var scanner = RecordScanner(bytes, startingAt: section.start, of: self)
            var records: [DecodedRecord] = []
            while let record = try scanner.next() {
                records.append(DecodedRecord(record, in: bytes, of: section.bytes))
            }
            return records
        }
    }

    /// The record at an offset; nil when the batch has none there.
    ///
    /// Checks every record up to it, and makes that one alone.
    public func decodedRecord(
        at offset: Offset,
        inflatedBytesMax: ByteCount = inflatedBytesMaxDefault
    ) throws(FormatError) -> DecodedRecord? {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        return try section.bytes.withUnsafeReadableBytes { (bytes) throws(FormatError) in
            var scanner = RecordScanner(bytes, startingAt: section.start, of: self)
            while let record = try scanner.next(), record.offset <= offset {
                if record.offset == offset { return DecodedRecord(record, in: bytes, of: section.bytes) }
            }
            return nil
        }
    }

    /// Checks every record and throws at the first that is damaged.
    public func verifyRecords(inflatedBytesMax: ByteCount = inflatedBytesMaxDefault) throws(FormatError) {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        try section.bytes.withUnsafeReadableBytes { (bytes) throws(FormatError) in
            var scanner = RecordScanner(bytes, startingAt: section.start, of: self)
            while try scanner.next() != nil {}
        }
    }

    /// The batch with its records as they are without compression, all else the same; itself when they are not compressed.
    ///
    /// For a walk that stops and goes on: each walk over a compressed batch inflates it again. The records are not
    /// checked.
    public func inflated(inflatedBytesMax: ByteCount = inflatedBytesMaxDefault) throws(FormatError) -> RecordBatch {
        guard codec != .none else { return self }
        let records = try recordSection(inflatedBytesMax: inflatedBytesMax).bytes
        var plain = ByteBufferAllocator().buffer(capacity: BatchHeader.size + records.readableBytes)
        plain.writeImmutableBuffer(header)
        plain.writeImmutableBuffer(records)
        plain.withUnsafeMutableReadableBytes { batch in
            BatchHeader.change(
                batch,
                attributes: attributes.with(.none),
                recordCount: Int32(recordCount),
                baseTimestamp: baseTimestamp,
                maxTimestamp: maxTimestamp
            )
        }
        return RecordBatch(built: plain)
    }

    /// The header alone.
    var header: ByteBuffer {
        // Every batch has its header: verification and the builder see to that.
        bytes.getSlice(at: bytes.readerIndex, length: BatchHeader.size) ?? ByteBuffer()
    }

    /// The CRC-32C of what the records say: keys, values and headers with their lengths, in order, null told from empty.
    ///
    /// It does not depend on offsets, timestamps, the producer, the trace or the codec, nor on where a batch ends: that of several
    /// batches is the last one's, each taking the one before as its `seed`. Checks every record on the way.
    public func contentChecksum(
        seed: UInt32 = 0,
        inflatedBytesMax: ByteCount = inflatedBytesMaxDefault
    ) throws(FormatError) -> UInt32 {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        return try section.bytes.withUnsafeReadableBytes { (bytes) throws(FormatError) in
            var scanner = RecordScanner(bytes, startingAt: section.start, of: self)
            var checksum = seed
            while let record = try scanner.next() {
                checksum = try record.contentChecksum(in: bytes, seed: checksum)
            }
            return checksum
        }
    }

    /// The bytes that hold the records uncompressed, and where in them the first begins.
    func recordSection(
        inflatedBytesMax: ByteCount
    ) throws(FormatError) -> (bytes: ByteBuffer, start: Int) {
        switch codec {
        case .none:
            return (bytes, BatchHeader.size)
        case .gzip:
            let inflated = try bytes.withUnsafeReadableBytes { (batch) throws(FormatError) in
                let compressed = UnsafeRawBufferPointer(rebasing: batch[BatchHeader.size...])
                return try Gzip.inflate(compressed, bytesMax: inflatedBytesMax)
            }
            return (inflated, 0)
        case .snappy, .lz4, .zstd:
            let text = "records compressed with \(codec): only none and gzip are read, not snappy, lz4 or zstd"
            throw FormatError(.codec, at: BatchHeader.attributesAt, text)
        }
    }
}
