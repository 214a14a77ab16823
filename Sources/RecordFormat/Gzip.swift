import CZlib
import NIOCore

/// The gzip format (RFC 1952) through zlib, bounded in what it inflates to.
public enum Gzip {
    /// zlib's largest window, plus its flag for the gzip wrapper.
    private static let windowBits: Int32 = 15 + 16

    /// Inflates one gzip stream, or several joined ones, to at most `bytesMax`.
    ///
    /// Throws ``FormatError/Kind/tooLarge`` with the bound when there would be more, having allocated at most about
    /// twice the bound; other kinds when the stream is damaged, cut off or followed by something else.
    public static func inflate(
        _ compressed: UnsafeRawBufferPointer,
        bytesMax: ByteCount
    ) throws(FormatError) -> ByteBuffer {
        try withStream(over: compressed) { (stream) throws(FormatError) in
            guard inflateInit2_(stream, windowBits, ZLIB_VERSION, streamBytes) == Z_OK else {
                throw FormatError(.compressedData, at: 0, "zlib cannot inflate: \(message(stream))")
            }
            defer { inflateEnd(stream) }
            return try inflateAll(stream, of: compressed.count, bytesMax: bytesMax)
        }
    }

    /// Deflates the bytes into one gzip stream at zlib's default level.
    public static func deflate(_ plain: UnsafeRawBufferPointer) throws(FormatError) -> ByteBuffer {
        try withStream(over: plain) { (stream) throws(FormatError) in
            let memoryLevel: Int32 = 8
            let status = deflateInit2_(
                stream,
                Z_DEFAULT_COMPRESSION,
                Z_DEFLATED,
                windowBits,
                memoryLevel,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                streamBytes
            )
            guard status == Z_OK else {
                throw FormatError(.compressedData, at: 0, "zlib cannot deflate: \(message(stream))")
            }
            defer { deflateEnd(stream) }
            let room = Int(deflateBound(stream, uLong(plain.count)))
            var output = ByteBufferAllocator().buffer(capacity: room)
            // The bound is for one call that takes and ends everything.
            guard step(stream, into: &output, room: room, { CZlib.deflate($0, Z_FINISH) }) == Z_STREAM_END else {
                throw FormatError(.compressedData, at: 0, "zlib did not finish: \(message(stream))")
            }
            return output
        }
    }

    private static func inflateAll(
        _ stream: UnsafeMutablePointer<z_stream>,
        of count: Int,
        bytesMax: ByteCount
    ) throws(FormatError) -> ByteBuffer {
        // Records shrink to a quarter or so; what is left of the estimate is grown by doubling, never past the bound.
        var output = ByteBufferAllocator().buffer(capacity: min(count * 4 + 64, bytesMax.value))
        while true {
            // One byte more than allowed tells a stream that ends at the bound from one that goes on.
            let allowed = bytesMax.value - output.readableBytes + 1
            let room = min(allowed, max(output.writableBytes, output.capacity, 4096))
            let status = step(stream, into: &output, room: room) { CZlib.inflate($0, Z_NO_FLUSH) }
            let position = count - Int(stream.pointee.avail_in)
            guard output.readableBytes <= bytesMax.value else {
                throw FormatError(.tooLarge, at: position, "gzip data inflates to more than the limit of \(bytesMax)")
            }
            switch status {
            case Z_OK: continue
            case Z_STREAM_END where stream.pointee.avail_in == 0: return output
            case Z_STREAM_END: inflateReset(stream)
            case Z_BUF_ERROR: throw FormatError(.truncated, at: position, "gzip data ends before its stream does")
            default: throw FormatError(.compressedData, at: position, "gzip data is damaged: \(message(stream))")
            }
        }
    }

    /// Lets zlib write into at most `room` bytes of the output, and returns its status.
    private static func step(
        _ stream: UnsafeMutablePointer<z_stream>,
        into output: inout ByteBuffer,
        room: Int,
        _ call: (UnsafeMutablePointer<z_stream>) -> Int32
    ) -> Int32 {
        var status = Z_OK
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(clamping: min(room, target.count))
            let before = stream.pointee.avail_out
            status = call(stream)
            return Int(before - stream.pointee.avail_out)
        }
        return status
    }

    /// Runs `body` with a zeroed stream over the input.
    ///
    /// It is on the heap because zlib keeps a pointer to it.
    private static func withStream(
        over input: UnsafeRawBufferPointer,
        _ body: (UnsafeMutablePointer<z_stream>) throws(FormatError) -> ByteBuffer
    ) throws(FormatError) -> ByteBuffer {
        guard let count = UInt32(exactly: input.count) else {
            throw FormatError(.tooLarge, at: 0, "\(input.count) bytes are too many for one zlib stream")
        }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // zlib's interface predates const: it only reads its input.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = count
        return try body(stream)
    }

    private static var streamBytes: Int32 { Int32(MemoryLayout<z_stream>.size) }

    private static func message(_ stream: UnsafeMutablePointer<z_stream>) -> String {
        guard let text = stream.pointee.msg else { return "no reason given" }
        return String(cString: text)
    }
}
