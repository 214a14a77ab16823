import NIOCore

/// Encodes records into one batch, each once, straight into the buffer that will be stored.
///
/// The batch has base offset 0, no leader epoch and no producer: the log stamps it. It allocates the buffer and its
/// growth, nothing for a record. Limits are the caller's to check, by ``encodedBytes`` and
/// ``encodedBytesMax(key:value:headers:)``.
public struct RecordBatchBuilder: Sendable {
    private let isJSON: Bool
    private let capacity: ByteCount
    private var buffer = ByteBuffer()
    private var baseTimestamp = Timestamp.epoch
    private var maxTimestamp = Timestamp.epoch

    /// How many records have been appended.
    public private(set) var recordCount = 0

    /// An empty builder; `isJSON` claims that every value will be valid JSON on one line.
    public init(isJSON: Bool = false, capacity: ByteCount = .kibibytes(4)) {
        self.isJSON = isJSON
        self.capacity = capacity
    }

    /// The size of the batch so far with its header, before any compression.
    public var encodedBytes: ByteCount { ByteCount(max(buffer.readableBytes, BatchHeader.size)) }

    /// The most that a record with these sizes adds to a batch; `headers` is ``HeaderList/encodedBytes``.
    public static func encodedBytesMax(key: ByteCount, value: ByteCount, headers: ByteCount = .zero) -> ByteCount {
        // Record length, attributes, timestamp delta, offset delta, key and value lengths, header count.
        let framing = 5 * Varint.bytesMax32 + Varint.bytesMax64 + 1
        return key + value + headers + ByteCount(framing)
    }

    /// Appends a record; a nil key is no key, a nil value a tombstone.
    public mutating func append(
        timestamp: Timestamp,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        headers: HeaderList = .none
    ) {
        headers.encoded.withUnsafeReadableBytes {
            append(timestamp: timestamp, key: key, value: value, encodedHeaders: $0, headerCount: headers.count)
        }
    }

    /// Appends a record whose headers are encoded already, as those of ``Record/headers`` are.
    public mutating func append(
        timestamp: Timestamp,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        encodedHeaders: UnsafeRawBufferPointer,
        headerCount: Int
    ) {
        if recordCount == 0 { begin(at: timestamp) }
        maxTimestamp = max(maxTimestamp, timestamp)
        let timestampDelta = timestamp.millisecondsSinceEpoch &- baseTimestamp.millisecondsSinceEpoch
        let bodyBytes =
            1 + Varint.size(timestampDelta) + Varint.size(Int64(recordCount))
            + Self.size(key) + Self.size(value) + Varint.size(Int64(headerCount)) + encodedHeaders.count
        let recordBytes = Varint.size(Int64(bodyBytes)) + bodyBytes
        precondition(
            buffer.readableBytes + recordBytes <= Int(Int32.max),
            "a batch of \(buffer.readableBytes) bytes cannot take a record of \(recordBytes)"
        )
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: recordBytes) { room in
            var writer = FieldWriter(room)
            writer.varint(Int64(bodyBytes))
            writer.byte(0)
            writer.varint(timestampDelta)
            writer.varint(Int64(recordCount))
            writer.nullable(key)
            writer.nullable(value)
            writer.varint(Int64(headerCount))
            writer.bytes(encodedHeaders)
            return writer.position
        }
        recordCount += 1
    }

    /// Appends the parts of a decoded record, all but its offset: for tests and small uses.
    public mutating func append(_ record: DecodedRecord) {
        var headers = HeaderList()
        for header in record.headers {
            Self.withBytes(of: header.name) { name in
                Self.withBytes(of: header.value) { value in
                    headers.append(name: name ?? UnsafeRawBufferPointer(start: nil, count: 0), value: value)
                }
            }
        }
        Self.withBytes(of: record.key) { key in
            Self.withBytes(of: record.value) { value in
                append(timestamp: record.timestamp, key: key, value: value, headers: headers)
            }
        }
    }

    /// Ends the batch and empties the builder for the next one.
    ///
    /// Traps without a record: an empty batch is nothing to store.
    public mutating func finish() -> RecordBatch {
        var batch = takeBuffer()
        seal(&batch.bytes, count: batch.count, codec: .none)
        return RecordBatch(built: batch.bytes)
    }

    /// Ends the batch with its records compressed, and empties the builder; only ``Codec/none`` and ``Codec/gzip``.
    ///
    /// Records that compression would not make smaller stay as they are, and the batch says ``Codec/none``.
    public mutating func finish(codec: Codec) throws(FormatError) -> RecordBatch {
        guard codec != .none else { return finish() }
        guard codec == .gzip else {
            throw FormatError(.codec, at: 0, "the broker compresses with none or gzip, not \(codec)")
        }
        var batch = takeBuffer()
        guard var bytes = try RecordBatch.compressed(batch.bytes) else {
            seal(&batch.bytes, count: batch.count, codec: .none)
            return RecordBatch(built: batch.bytes)
        }
        seal(&bytes, count: batch.count, codec: .gzip)
        return RecordBatch(built: bytes)
    }

    private mutating func begin(at timestamp: Timestamp) {
        buffer.reserveCapacity(max(capacity.value, BatchHeader.size))
        buffer.writeRepeatingByte(0, count: BatchHeader.size)
        baseTimestamp = timestamp
        maxTimestamp = timestamp
    }

    private mutating func takeBuffer() -> (bytes: ByteBuffer, count: Int) {
        precondition(recordCount > 0, "a batch has at least one record")
        defer {
            buffer = ByteBuffer()
            recordCount = 0
        }
        return (buffer, recordCount)
    }

    /// Fills the header in and then the checksum over it: see ``BatchHeader`` for the layout.
    private func seal(_ bytes: inout ByteBuffer, count: Int, codec: Codec) {
        var attributes = BatchAttributes(codec: codec)
        if isJSON { attributes.insert(.json) }
        bytes.withUnsafeMutableReadableBytes { batch in
            BatchHeader.fill(
                batch,
                attributes: attributes,
                recordCount: Int32(count),
                baseTimestamp: baseTimestamp,
                maxTimestamp: maxTimestamp
            )
        }
    }

    private static func size(_ field: UnsafeRawBufferPointer?) -> Int {
        guard let field else { return 1 }
        return Varint.size(Int64(field.count)) + field.count
    }

    private static func withBytes(of buffer: ByteBuffer?, _ body: (UnsafeRawBufferPointer?) -> Void) {
        guard let buffer else { return body(nil) }
        buffer.withUnsafeReadableBytes(body)
    }
}
