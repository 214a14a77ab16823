import NIOCore

extension RecordBatch {
    /// The batch without the records that `isKept` says no to: what compaction leaves of it.
    ///
    /// Nil when nothing is kept; this batch byte for byte when everything is and no horizon is to be set. The result
    /// has the offsets, the leader epoch, the producer and the attributes of this batch, the largest timestamp of the
    /// records that are left (as Kafka's `filterTo`, so that an age or a time index counts what is there), and the same
    /// codec, unless that would make it larger.
    ///
    /// A batch whose compaction meets a tombstone first is given `deleteHorizon` as its ``deleteHorizon``, as in Kafka:
    /// the records' timestamps stay, their deltas are written anew. A horizon that is there already stays.
    ///
    /// Costs one pass and one copy of what is kept, one more of both when a horizon is set, and nothing that is
    /// allocated for a record. Every record is checked before `isKept` sees it; the pointer that its ranges index into
    /// must not outlive the call. Throws `FormatError` for a damaged batch, and what `isKept` throws.
    public func filtered(
        deleteHorizon horizon: Timestamp? = nil,
        inflatedBytesMax: ByteCount = inflatedBytesMaxDefault,
        keeping isKept: (borrowing Record, UnsafeRawBufferPointer) throws -> Bool
    ) throws -> RecordBatch? {
        let section = try recordSection(inflatedBytesMax: inflatedBytesMax)
        return try section.bytes.withUnsafeReadableBytes { records in
            var filter = RecordFilter(records, startingAt: section.start, header: header)
            var scanner = RecordScanner(records, startingAt: section.start, of: self)
            while let record = try scanner.next() {
                if try isKept(record, records) { filter.keep(record) } else { filter.drop(record) }
            }
            return try result(of: &filter, deleteHorizon: horizon)
        }
    }

    private func result(of filter: inout RecordFilter, deleteHorizon: Timestamp?) throws(FormatError) -> RecordBatch? {
        guard filter.keptCount > 0 else { return nil }
        let horizon = filter.holdsTombstone && self.deleteHorizon == nil ? deleteHorizon : nil
        guard filter.isDropping || horizon != nil else { return self }
        let base = horizon ?? baseTimestamp
        // Wraps as the scanner's sum does: any two timestamps survive.
        let shift = baseTimestamp.millisecondsSinceEpoch &- base.millisecondsSinceEpoch
        let plain = try filter.finish(shift: shift)
        let compressed = codec == .gzip ? try Self.compressed(plain) : nil
        var attributes = attributes.with(compressed == nil ? .none : codec)
        if horizon != nil { attributes.insert(.deleteHorizon) }
        var bytes = compressed ?? plain
        bytes.withUnsafeMutableReadableBytes { batch in
            BatchHeader.change(
                batch,
                attributes: attributes,
                recordCount: Int32(filter.keptCount),
                baseTimestamp: base,
                maxTimestamp: filter.maxTimestamp
            )
        }
        return RecordBatch(built: bytes)
    }

    /// A whole batch with its records compressed with gzip and its header as it was; nil when it gets no smaller.
    static func compressed(_ plain: ByteBuffer) throws(FormatError) -> ByteBuffer? {
        try plain.withUnsafeReadableBytes { (plain) throws(FormatError) in
            let records = UnsafeRawBufferPointer(rebasing: plain[BatchHeader.size...])
            let compressed = try Gzip.deflate(records)
            guard compressed.readableBytes < records.count else { return nil }
            var bytes = ByteBufferAllocator().buffer(capacity: BatchHeader.size + compressed.readableBytes)
            bytes.writeBytes(UnsafeRawBufferPointer(rebasing: plain[..<BatchHeader.size]))
            bytes.writeImmutableBuffer(compressed)
            return bytes
        }
    }
}
