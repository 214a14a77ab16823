import NIOCore
import RecordFormat

/// Walks a segment's batches in order, a chunk of the file at a time.
///
/// A batch's place in the log, its base offset and its length, lies outside its checksum. So each batch must begin where
/// the one before ends, in bytes and in offsets, also those that are only passed over.
struct SegmentWalk {
    let segment: Segment
    let limit: FilePosition
    private let chunkBytes: Int
    private var position: FilePosition
    /// The first offset of the next batch; nil right after a jump by the index, which knows only a last offset.
    private var expected: Offset?
    private var chunk = ByteBuffer()
    private var chunkStart = FilePosition.zero

    /// A batch's place.
    struct Place {
        let position: FilePosition
        let size: ByteCount
        let last: Offset
        let maxTimestamp: Timestamp
        /// Whose the batch is, if it has a producer of ours; of what a walk came across alone.
        var producer: BatchProducer?
    }

    /// Begins at the segment's start.
    init(_ segment: Segment, limit: FilePosition, chunkBytes: Int) {
        self.segment = segment
        self.limit = limit
        self.chunkBytes = chunkBytes
        position = .zero
        expected = segment.base
    }

    /// Begins where an index entry leads.
    init(_ segment: Segment, limit: FilePosition, chunkBytes: Int, from entry: OffsetIndexEntry?) {
        self.init(segment, limit: limit, chunkBytes: chunkBytes)
        guard let entry else { return }
        position = FilePosition(UInt64(entry.position))
        expected = nil
    }

    /// The next batch's place; nil at the limit, or where a read would be needed and `mayRead` says no.
    mutating func next(mayRead: Bool = true) throws(StorageError) -> Place? {
        guard position < limit else { return nil }
        if !holds(BatchHeader.size, at: position) {
            guard mayRead else { return nil }
            try fill(max(chunkBytes, BatchHeader.size))
        }
        let start = (position - chunkStart).value
        guard chunk.readableBytes - start >= BatchHeader.size else {
            throw damaged("the segment ends within a batch's header")
        }
        let place = try chunk.withUnsafeReadableBytes { (bytes) throws(StorageError) -> Place in
            try parse(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        position = place.position.advanced(by: place.size)
        expected = place.last.advanced(by: 1)
        return place
    }

    /// A batch's bytes; nil where a read would be needed and `mayRead` says no.
    mutating func bytes(of place: Place, mayRead: Bool) throws(StorageError) -> ByteBuffer? {
        if !holds(place.size.value, at: place.position) {
            guard mayRead else { return nil }
            let next = position
            position = place.position
            try fill(place.size.value)
            position = next
        }
        let start = chunk.readerIndex + (place.position - chunkStart).value
        return chunk.getSlice(at: start, length: place.size.value)
    }

    /// Goes to the next whole batch behind where the walk stands, or to the limit.
    mutating func skipDamage() {
        let skip = DamageSkip(segment: segment, limit: limit, end: nil)
        let next = skip.next(after: position, expected: expected ?? segment.base)
        position = next?.place ?? limit
        expected = next?.base
    }

    private func parse(_ header: UnsafeRawBufferPointer) throws(StorageError) -> Place {
        let base = BatchHeader.baseOffset(header)
        let (last, isOverflow) = base.value.addingReportingOverflow(Int64(BatchHeader.lastOffsetDelta(header)))
        guard let size = RecordBatch.length(inPrefix: header), (limit - position).value >= size else {
            throw damaged("a batch's length makes no sense")
        }
        guard !isOverflow, last >= base.value, last < .max, base >= segment.base,
            segment.isSparse ? base >= expected ?? base : base == expected ?? base
        else {
            throw damaged("a batch does not begin at the offset where the one before ends")
        }
        return Place(
            position: position,
            size: ByteCount(size),
            last: Offset(last),
            maxTimestamp: BatchHeader.maxTimestamp(header),
            producer: BatchProducer(of: header)
        )
    }

    private func holds(_ count: Int, at place: FilePosition) -> Bool {
        guard place >= chunkStart else { return false }
        return (place - chunkStart).value + count <= chunk.readableBytes
    }

    private mutating func fill(_ count: Int) throws(StorageError) {
        let bytes = min(count, (limit - position).value)
        let start = position
        let segment = segment
        chunk = try StorageError.wrap { () throws(FileError) in
            try segment.file().readBuffer(at: start, bytes: bytes)
        }
        chunkStart = start
        guard chunk.readableBytes == bytes else { throw damaged("the segment is shorter than it was") }
    }

    private func damaged(_ reason: String) -> StorageError {
        .corrupt(path: segment.path, position: position, reason: reason)
    }
}
