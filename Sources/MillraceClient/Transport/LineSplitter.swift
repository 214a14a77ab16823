public import NIOCore

/// Cuts chunks of bytes into lines, without regard to where the chunks were cut, and with a bound on a line's length.
///
/// Each byte is copied at most once: a line within one chunk is a slice of it.
public struct LineSplitter: Sendable {
    /// The longest line that is accepted, without its line break.
    public let lineBytesMax: Int

    private var pending = ByteBuffer()
    /// How many readable bytes of `pending` are known to hold no line break, so that none is looked at twice.
    private var scannedBytes = 0

    /// Creates a splitter.
    public init(lineBytesMax: Int) {
        self.lineBytesMax = lineBytesMax
    }

    /// Takes the next chunk; all lines of the former should have been taken out.
    public mutating func append(_ chunk: ByteBuffer) {
        guard pending.readableBytes > 0 else {
            pending = chunk
            return
        }
        // A new buffer: lines handed out may share the storage of the old one, which a write would copy whole.
        var joined = ByteBufferAllocator().buffer(capacity: pending.readableBytes + chunk.readableBytes)
        joined.writeImmutableBuffer(pending)
        joined.writeImmutableBuffer(chunk)
        pending = joined
    }

    /// The next complete line without its line break (LF, or CR LF), or nil when more bytes are needed.
    /// - Throws: `MillraceError.lineTooLong`.
    public mutating func next() throws(MillraceError) -> ByteBuffer? {
        let skip = scannedBytes
        let length = pending.withUnsafeReadableBytes { bytes in
            bytes[skip...].firstIndex(of: UInt8(ascii: "\n"))
        }
        guard let length else {
            scannedBytes = pending.readableBytes
            guard scannedBytes <= lineBytesMax else { throw .lineTooLong(bytesMax: lineBytesMax) }
            return nil
        }
        guard length <= lineBytesMax else { throw .lineTooLong(bytesMax: lineBytesMax) }
        scannedBytes = 0
        let line = pending.readSlice(length: length)
        pending.moveReaderIndex(forwardBy: 1)
        return line.map(Self.withoutCarriageReturn)
    }

    /// What follows the last line break: a last line without one, or a line that was cut off.
    public mutating func takeRest() -> ByteBuffer? {
        defer { pending = ByteBuffer() }
        scannedBytes = 0
        return pending.readableBytes > 0 ? Self.withoutCarriageReturn(pending) : nil
    }

    private static func withoutCarriageReturn(_ line: ByteBuffer) -> ByteBuffer {
        let last = line.getInteger(at: line.writerIndex - 1, as: UInt8.self)
        guard line.readableBytes > 0, last == UInt8(ascii: "\r") else { return line }
        var shorter = line
        shorter.moveWriterIndex(to: line.writerIndex - 1)
        return shorter
    }
}
