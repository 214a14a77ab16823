import NIOCore

/// Writes one JSON value into a buffer, token by token, and sets the commas.
///
///     var json = JSONWriter()
///     json.beginObject()
///     json.key("offset")
///     json.integer(912)
///     json.endObject()
///     let body = json.finish()                                    // {"offset":912}
///
/// Keys and values must alternate in objects and containers must be closed: a container left open traps in `finish()`.
public struct JSONWriter: Sendable {
    private var buffer: ByteBuffer
    private var needsComma = false
    private var depth = 0

    /// Writes after what `buffer` already holds.
    public init(into buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    /// How many bytes the buffer holds so far.
    public var byteCount: Int { buffer.readableBytes }

    /// Ends writing and answers the buffer; a container still open is a programming error and traps.
    public consuming func finish() -> ByteBuffer {
        precondition(depth == 0, "JSONWriter finished with \(depth) containers open")
        return buffer
    }

    // MARK: - Containers

    /// Opens an object as the next value.
    public mutating func beginObject() { open(ASCII.openBrace) }

    /// Closes the innermost object.
    public mutating func endObject() { close(ASCII.closeBrace) }

    /// Opens an array as the next value.
    public mutating func beginArray() { open(ASCII.openBracket) }

    /// Closes the innermost array.
    public mutating func endArray() { close(ASCII.closeBracket) }

    /// Writes a field's name; its value follows.
    public mutating func key(_ name: String) {
        string(name)
        buffer.writeInteger(ASCII.colon)
        needsComma = false
    }

    /// Writes a field's name from UTF-8; its value follows.
    public mutating func key(utf8 name: UnsafeRawBufferPointer) {
        string(utf8: name)
        buffer.writeInteger(ASCII.colon)
        needsComma = false
    }

    // MARK: - Values

    /// Writes a string.
    public mutating func string(_ text: String) {
        beginValue()
        JSONString.encode(text, into: &buffer)
    }

    /// Writes a string from UTF-8, which must be valid.
    public mutating func string(utf8: UnsafeRawBufferPointer) {
        beginValue()
        JSONString.encode(utf8, into: &buffer)
    }

    /// Writes a string from a buffer's readable bytes, which must be valid UTF-8.
    public mutating func string(utf8: ByteBuffer) {
        utf8.withUnsafeReadableBytes { string(utf8: $0) }
    }

    /// Writes bytes as a base64 string.
    public mutating func base64(_ bytes: UnsafeRawBufferPointer) {
        beginValue()
        buffer.writeInteger(ASCII.quote)
        Base64.encode(bytes, into: &buffer)
        buffer.writeInteger(ASCII.quote)
    }

    /// Writes a buffer's readable bytes as a base64 string.
    public mutating func base64(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { base64($0) }
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int64) {
        beginValue()
        writeDecimal(value)
    }

    /// Writes an integer.
    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    /// Writes an integer.
    public mutating func integer(_ value: Int32) { integer(Int64(value)) }

    /// Writes a number in its shortest form that reads back the same; `null` for what JSON cannot say (NaN, infinity).
    public mutating func number(_ value: Double) {
        beginValue()
        buffer.writeString(value.isFinite ? "\(value)" : "null")
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) {
        beginValue()
        buffer.writeStaticString(value ? "true" : "false")
    }

    /// Writes `null`.
    public mutating func null() {
        beginValue()
        buffer.writeStaticString("null")
    }

    /// Writes bytes that are one valid JSON value already.
    public mutating func raw(_ json: UnsafeRawBufferPointer) {
        beginValue()
        buffer.writeBytes(json)
    }

    /// Writes a buffer's readable bytes, which are one valid JSON value already.
    public mutating func raw(_ json: ByteBuffer) {
        beginValue()
        buffer.writeImmutableBuffer(json)
    }

    /// Offsets and times stand in every record, so digits go straight into the buffer, without a `String`.
    private mutating func writeDecimal(_ value: Int64) {
        // Int64.min, with its sign, is the longest: 20 bytes.
        _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { out in
            var left = value.magnitude
            var count = value < 0 ? 2 : 1
            while left >= 10 {
                left /= 10
                count += 1
            }
            left = value.magnitude
            var at = count
            repeat {
                at -= 1
                out[at] = ASCII.zero + UInt8(truncatingIfNeeded: left % 10)
                left /= 10
            } while left > 0
            if value < 0 { out[0] = ASCII.minus }
            return count
        }
    }

    // MARK: - Commas

    @inline(__always)
    private mutating func beginValue() {
        if needsComma { buffer.writeInteger(ASCII.comma) }
        needsComma = true
    }

    private mutating func open(_ opener: UInt8) {
        beginValue()
        buffer.writeInteger(opener)
        needsComma = false
        depth += 1
    }

    private mutating func close(_ closer: UInt8) {
        precondition(depth > 0, "JSONWriter closed a container that was never opened")
        buffer.writeInteger(closer)
        needsComma = true
        depth -= 1
    }
}
