import NIOCore

extension Record {
    /// The checksum of what the record says, on top of that of the records before it.
    ///
    /// The header `traceparent` is left out: it tells of the request, and a request that is sent again belongs to another
    /// span of its trace.
    ///
    /// `bytes` must be the pointer that came with this record.
    func contentChecksum(in bytes: UnsafeRawBufferPointer, seed: UInt32) throws(FormatError) -> UInt32 {
        func sum(_ range: Range<Int>, _ seed: UInt32) -> UInt32 {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[range]), seed: seed)
        }
        let others = headerCount == 0 ? [] : headersButTrace(in: bytes)
        guard others.count < headerCount else { return sum(content, seed) }
        // Key and value, then the number of headers as it would be without the trace, then they.
        var fields = RecordFields(bytes, from: content.lowerBound, to: content.upperBound)
        _ = try fields.nullable("key length")
        _ = try fields.nullable("value length")
        var count = ByteBuffer()
        Varint.write(Int64(others.count), into: &count)
        var checksum = sum(content.lowerBound..<fields.position, seed)
        checksum = count.withUnsafeReadableBytes { CRC32C.checksum($0, seed: checksum) }
        for header in others { checksum = sum(header, checksum) }
        return checksum
    }

    /// Where the headers lie, each with the lengths before its parts, but for those that name a trace.
    private func headersButTrace(in bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
        var others: [Range<Int>] = []
        var start = headers.lowerBound
        forEachHeader(in: bytes) { name, value in
            // A null value ends with its length, which is one byte.
            let end = value?.upperBound ?? name.upperBound + 1
            if !bytes[name].elementsEqual(HeaderList.traceparent.utf8) { others.append(start..<end) }
            start = end
        }
        return others
    }
}
