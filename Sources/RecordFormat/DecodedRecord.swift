import NIOCore

/// One record with its own references to its bytes, for tests and small uses; the hot paths use ``Record``.
public struct DecodedRecord: Hashable, Sendable {
    /// The record's place in its partition.
    public var offset: Offset
    /// When it was made, or appended where the batch says so.
    public var timestamp: Timestamp
    /// The key, nil when there is none.
    public var key: ByteBuffer?
    /// The value, nil for a tombstone.
    public var value: ByteBuffer?
    /// The headers in order.
    public var headers: [RecordHeader]

    /// A record of these parts.
    public init(
        offset: Offset = .zero,
        timestamp: Timestamp,
        key: ByteBuffer? = nil,
        value: ByteBuffer? = nil,
        headers: [RecordHeader] = []
    ) {
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// The record whose ranges index into `bytes`, which are the readable bytes of `buffer`.
    init(_ record: borrowing Record, in bytes: UnsafeRawBufferPointer, of buffer: ByteBuffer) {
        func slice(_ range: Range<Int>) -> ByteBuffer {
            var rest = buffer
            rest.moveReaderIndex(forwardBy: range.lowerBound)
            // The scanner has checked that the range lies within the bytes.
            return rest.readSlice(length: range.count) ?? ByteBuffer()
        }
        var headers: [RecordHeader] = []
        record.forEachHeader(in: bytes) { name, value in
            headers.append(RecordHeader(name: slice(name), value: value.map(slice)))
        }
        self.init(
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(slice),
            value: record.value.map(slice),
            headers: headers
        )
    }
}

/// One header of a record: a name, which may repeat, and a value.
public struct RecordHeader: Hashable, Sendable {
    /// The name's bytes, UTF-8 by convention.
    public var name: ByteBuffer
    /// The value's bytes, nil when null.
    public var value: ByteBuffer?

    /// A header of this name and value.
    public init(name: ByteBuffer, value: ByteBuffer?) {
        self.name = name
        self.value = value
    }
}
