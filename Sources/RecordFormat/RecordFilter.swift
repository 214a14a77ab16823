import NIOCore

/// Gathers the records that are kept of a batch: runs of neighbours, copied as they are encoded.
///
/// Copies nothing until a record is dropped.
struct RecordFilter {
    /// How many records were kept.
    private(set) var keptCount = 0
    /// Whether a record was dropped.
    private(set) var isDropping = false
    /// Whether a record without a value was kept.
    private(set) var holdsTombstone = false
    /// The largest timestamp of a record that was kept.
    private(set) var maxTimestamp = Timestamp(millisecondsSinceEpoch: .min)

    private let bytes: UnsafeRawBufferPointer
    private let header: ByteBuffer
    private var runStart: Int
    private var position: Int
    private var output = ByteBuffer()

    /// A filter of the records in `bytes` from `start`; what it gathers begins with a copy of `header`.
    init(_ bytes: UnsafeRawBufferPointer, startingAt start: Int, header: ByteBuffer) {
        self.bytes = bytes
        self.header = header
        runStart = start
        position = start
    }

    /// Keeps the next record.
    mutating func keep(_ record: borrowing Record) {
        keptCount += 1
        maxTimestamp = max(maxTimestamp, record.timestamp)
        if record.isTombstone { holdsTombstone = true }
        position = record.content.upperBound
    }

    /// Drops the next record.
    mutating func drop(_ record: borrowing Record) {
        if !isDropping {
            isDropping = true
            begin(roomFor: bytes.count - record.content.upperBound + position - runStart)
        }
        copyRun()
        runStart = record.content.upperBound
        position = runStart
    }

    /// The header as it was and the kept records: `shift` is added to their timestamp deltas.
    mutating func finish(shift: Int64) throws(FormatError) -> ByteBuffer {
        if !isDropping { begin(roomFor: position - runStart) }
        copyRun()
        return shift == 0 ? output : try shifted(by: shift)
    }

    private mutating func begin(roomFor count: Int) {
        output.reserveCapacity(header.readableBytes + count)
        output.writeImmutableBuffer(header)
    }

    private mutating func copyRun() {
        output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[runStart..<position]))
        runStart = position
    }

    /// Writes the gathered records anew with other deltas: a record's length and delta, and the rest as it is.
    private func shifted(by shift: Int64) throws(FormatError) -> ByteBuffer {
        var shifted = ByteBufferAllocator().buffer(capacity: output.readableBytes + keptCount * Varint.bytesMax32)
        shifted.writeImmutableBuffer(header)
        try output.withUnsafeReadableBytes { (plain) throws(FormatError) in
            var fields = RecordFields(plain, from: header.readableBytes, to: plain.count)
            for _ in 0..<keptCount {
                let end = Int(try fields.int32("record length")) + fields.position
                let attributes = try fields.byte("record attributes")
                let delta = try fields.int64("timestamp delta") &+ shift
                let rest = UnsafeRawBufferPointer(rebasing: plain[fields.position..<end])
                Self.write(attributes, delta, rest, to: &shifted)
                fields.skip(to: end)
            }
        }
        return shifted
    }

    private static func write(
        _ attributes: UInt8,
        _ delta: Int64,
        _ rest: UnsafeRawBufferPointer,
        to buffer: inout ByteBuffer
    ) {
        let bodyBytes = 1 + Varint.size(delta) + rest.count
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Varint.bytesMax32 + bodyBytes) { room in
            var writer = FieldWriter(room)
            writer.varint(Int64(bodyBytes))
            writer.byte(attributes)
            writer.varint(delta)
            writer.bytes(rest)
            return writer.position
        }
    }
}
