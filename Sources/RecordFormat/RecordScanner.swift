/// Walks the records of one batch, checking everything that the bytes claim.
struct RecordScanner {
    private var fields: RecordFields
    private let end: Int
    private let count: Int
    private let lastOffsetDelta: Int32
    private let baseOffset: Offset
    private let baseTimestamp: Timestamp
    private let appendTimestamp: Timestamp?
    private var index = 0
    private var offsetDelta: Int32 = -1

    /// A scanner for the records of `batch`, which lie uncompressed in `bytes` from `start` to the end.
    init(_ bytes: UnsafeRawBufferPointer, startingAt start: Int, of batch: RecordBatch) {
        fields = RecordFields(bytes, from: start, to: bytes.count)
        end = bytes.count
        count = batch.recordCount
        lastOffsetDelta = batch.lastOffsetDelta
        baseOffset = batch.baseOffset
        baseTimestamp = batch.baseTimestamp
        appendTimestamp = batch.attributes.contains(.logAppendTime) ? batch.maxTimestamp : nil
    }

    /// The next record; nil after the last, when the records fill the batch exactly.
    mutating func next() throws(FormatError) -> Record? {
        guard index < count else {
            guard fields.position == end else {
                let text = "\(end - fields.position) bytes after the last of \(count) records"
                throw FormatError(.trailingBytes, at: fields.position, text)
            }
            return nil
        }
        let start = fields.position
        let length = Int(try fields.int32("record length"))
        guard length >= 0, length <= end - fields.position else {
            throw FormatError(
                .length,
                at: start,
                "a record length of \(length) with \(end - fields.position) bytes left"
            )
        }
        let recordEnd = fields.position + length
        fields.end = recordEnd
        let record = try body()
        guard fields.position == recordEnd else {
            let text = "\(recordEnd - fields.position) bytes after the last field of a record"
            throw FormatError(.trailingBytes, at: fields.position, text)
        }
        fields.end = end
        index += 1
        return record
    }

    private mutating func body() throws(FormatError) -> Record {
        // The record's own attribute byte has no meaning yet; Kafka reads past it, and so do we.
        _ = try fields.byte("record attributes")
        let timestampDelta = try fields.int64("timestamp delta")
        let deltaAt = fields.position
        let delta = try fields.int32("offset delta")
        // Compaction takes records out, so there may be gaps; but each record that follows needs an offset, too, so that
        // a dense batch has no room for one.
        let highest = lastOffsetDelta - Int32(count - 1 - index)
        guard delta > offsetDelta, delta <= highest else {
            let text =
                "an offset delta of \(delta) in record \(index) of the batch, not \(offsetDelta + 1) to \(highest)"
            throw FormatError(.count, at: deltaAt, text)
        }
        offsetDelta = delta
        let contentStart = fields.position
        let key = try fields.nullable("key length")
        let value = try fields.nullable("value length")
        let countAt = fields.position
        let headerCount = try fields.int32("header count")
        guard headerCount >= 0 else {
            throw FormatError(.length, at: countAt, "a header count of \(headerCount)")
        }
        let headersStart = fields.position
        // A count beyond the bytes fails at the first header that is not there: two bytes each at least.
        for _ in 0..<headerCount { _ = try fields.header() }
        return Record(
            offset: baseOffset.advanced(by: Int(delta)),
            timestamp: timestamp(delta: timestampDelta),
            key: key,
            value: value,
            headers: headersStart..<fields.position,
            headerCount: Int(headerCount),
            content: contentStart..<fields.position
        )
    }

    private func timestamp(delta: Int64) -> Timestamp {
        if let appendTimestamp { return appendTimestamp }
        // Wraps as Kafka's does: the builder takes the difference the same way, so any two timestamps survive.
        return Timestamp(millisecondsSinceEpoch: baseTimestamp.millisecondsSinceEpoch &+ delta)
    }
}
