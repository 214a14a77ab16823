/// A view of one record: where its parts lie in the bytes that came with it.
///
/// ``RecordBatch/forEachRecord(inflatedBytesMax:_:)`` hands both out; this holds no bytes itself.
public struct Record: Hashable, Sendable {
    /// The record's place in its partition.
    public let offset: Offset
    /// When it was made, or appended where the batch says so.
    public let timestamp: Timestamp
    /// Where the key lies, nil when there is none.
    public let key: Range<Int>?
    /// Where the value lies, nil for a tombstone.
    public let value: Range<Int>?
    /// Where the headers lie as encoded, without their count: may be copied whole into another batch.
    public let headers: Range<Int>
    /// How many headers there are.
    public let headerCount: Int
    /// Where all of the record but its length, time and place lies, with a length before each part: the record's end.
    public let content: Range<Int>

    /// Whether the record deletes its key: it has no value.
    public var isTombstone: Bool { value == nil }

    init(
        offset: Offset,
        timestamp: Timestamp,
        key: Range<Int>?,
        value: Range<Int>?,
        headers: Range<Int>,
        headerCount: Int,
        content: Range<Int>
    ) {
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.headers = headers
        self.headerCount = headerCount
        self.content = content
    }

    /// Walks the headers in order, names first, values nil when null; the ranges index into `bytes`.
    ///
    /// `bytes` must be the pointer that came with this record, whose headers have been checked: others trap.
    public func forEachHeader(
        in bytes: UnsafeRawBufferPointer,
        _ body: (_ name: Range<Int>, _ value: Range<Int>?) throws -> Void
    ) rethrows {
        var fields = RecordFields(bytes, from: headers.lowerBound, to: headers.upperBound)
        for _ in 0..<headerCount {
            let header: (name: Range<Int>, value: Range<Int>?)
            do {
                header = try fields.header()
            } catch {
                preconditionFailure("the headers of the record at offset \(offset) are not in these bytes: \(error)")
            }
            try body(header.name, header.value)
        }
    }
}
