import NIOCore
import RecordFormat

/// The records of a whole batch as one form writes them: made once, and copied from by every watcher at the tail.
///
/// In SSE the blank line that ends the last event is left out, since each watcher puts its own `id:` before it.
struct BatchFrames: Sendable {
    /// Where a record stands.
    struct Place: Sendable {
        /// The record's offset.
        let offset: Offset
        /// Its first byte.
        let start: Int
        /// The byte after its last one.
        let end: Int
    }

    private let bytes: ByteBuffer
    private let places: [Place]

    /// Frames of records in the order of their offsets.
    init(bytes: ByteBuffer, places: [Place]) {
        self.bytes = bytes
        self.places = places
    }

    /// Encodes a whole batch.
    ///
    /// - Throws: what is wrong with the batch's records.
    init(_ batch: RecordBatch, of partition: TopicPartition, in form: RecordForm) throws {
        var encoder = EventEncoder(
            framing: form.framing,
            recordEvent: form.recordEvent,
            jsonDepthMax: form.jsonDepthMax
        )
        encoder.select(partition)
        let isJSON = batch.isJSON
        var places: [Place] = []
        places.reserveCapacity(batch.recordCount)
        try batch.inflated().forEachRecord { record, bytes in
            let start = encoder.nextRecordStart
            _ = encoder.write(record, bytes, isJSON: isJSON, totalBytesMax: .max)
            places.append(Place(offset: record.offset, start: start, end: encoder.byteCount))
        }
        self.init(bytes: encoder.take(), places: places)
    }

    /// What they take of memory, about.
    var cost: Int { bytes.readableBytes + places.count * MemoryLayout<Place>.stride + 256 }

    /// The index of the first record that is not before an offset; the count when there is none.
    func index(of offset: Offset) -> Int {
        firstIndex(in: 0..<places.count) { places[$0].offset >= offset }
    }

    /// The offset after a record.
    func next(after index: Int) -> Offset { places[index].offset.advanced(by: 1) }

    /// Where a piece with so much room ends: at the first record that begins when there is none left, but for the first.
    func end(of range: Range<Int>, room: Int) -> Int {
        let start = places[range.lowerBound].start
        return firstIndex(in: (range.lowerBound + 1)..<range.upperBound) { places[$0 - 1].end - start >= room }
    }

    /// The bytes of records that follow each other.
    func bytes(of range: Range<Int>) -> ByteBuffer {
        let (start, end) = (places[range.lowerBound].start, places[range.upperBound - 1].end)
        return bytes.getSlice(at: bytes.readerIndex + start, length: end - start) ?? ByteBuffer()
    }

    /// The first index of a range from which on something is so; the range's end when it is so nowhere.
    private func firstIndex(in range: Range<Int>, where isSo: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isSo(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// What the bytes of a record depend on besides the record.
struct RecordForm: Hashable, Sendable {
    /// The framing.
    let framing: Framing
    /// The SSE name of records.
    let recordEvent: String
    /// How deep a value may be that comes as JSON.
    let jsonDepthMax: Int
}
