import RecordFormat

extension ReadResult.Slice {
    /// Walks the records of the slice, and only those: from `start` up to `next`, without control batches.
    ///
    /// The pointer is valid during the call; see `RecordBatch.forEachRecord`. Nothing is allocated for a record.
    public func forEachRecord(_ body: (borrowing Record, UnsafeRawBufferPointer) throws -> Void) throws {
        for batch in batches where !batch.isControl {
            try batch.forEachRecord { record, bytes in
                if record.offset >= start, record.offset < next { try body(record, bytes) }
            }
        }
    }

    /// The offsets that the slice covers.
    public var offsetCount: Int64 { next - start }
}
