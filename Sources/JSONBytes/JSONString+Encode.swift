import NIOCore

extension JSONString {
    /// Appends `utf8` as a JSON string, with its quotes.
    ///
    /// '"', '\' and control characters are escaped (the short forms where there are any), all else is written as it is.
    /// The text must be valid UTF-8 for the outcome to be valid JSON; ``isUTF8(_:)`` tells. Cost: one reservation and
    /// one copy for a text without escapes.
    public static func encode(_ utf8: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        let first = nextToEscape(utf8, 0)
        guard first < utf8.count else { return encodePlain(utf8, into: &buffer) }
        // Room for the usual case of few escapes; the buffer grows when there are more.
        buffer.reserveCapacity(minimumWritableBytes: utf8.count + 16)
        buffer.writeInteger(ASCII.quote)
        var at = 0
        var special = first
        while special < utf8.count {
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: utf8[at..<special]))
            writeEscape(utf8[special], into: &buffer)
            at = special &+ 1
            special = nextToEscape(utf8, at)
        }
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: utf8[at...]))
        buffer.writeInteger(ASCII.quote)
    }

    /// Whether a text is ASCII of which nothing is escaped: it stands between quotes as it is.
    @inline(__always) public static func isPlain(_ utf8: UnsafeRawBufferPointer) -> Bool {
        let first = Words.first(in: utf8, from: 0, marks: Words.notPlain) {
            $0 < 0x20 || $0 >= 0x80 || $0 == ASCII.quote || $0 == ASCII.backslash
        }
        return first == utf8.count
    }

    /// Appends a `String` as a JSON string, with its quotes.
    public static func encode(_ text: String, into buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { encode(UnsafeRawBufferPointer($0), into: &buffer) }
    }

    private static func encodePlain(_ utf8: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: utf8.count + 2) { out in
            out[0] = ASCII.quote
            UnsafeMutableRawBufferPointer(rebasing: out[1...]).copyMemory(from: utf8)
            out[utf8.count + 1] = ASCII.quote
            return utf8.count + 2
        }
    }

    private static func nextToEscape(_ utf8: UnsafeRawBufferPointer, _ at: Int) -> Int {
        Words.first(in: utf8, from: at, marks: Words.mustEscape) {
            $0 < 0x20 || $0 == ASCII.quote || $0 == ASCII.backslash
        }
    }

    private static func writeEscape(_ byte: UInt8, into buffer: inout ByteBuffer) {
        switch byte {
        case ASCII.quote: buffer.writeStaticString("\\\"")
        case ASCII.backslash: buffer.writeStaticString("\\\\")
        case 0x08: buffer.writeStaticString("\\b")
        case 0x09: buffer.writeStaticString("\\t")
        case 0x0A: buffer.writeStaticString("\\n")
        case 0x0C: buffer.writeStaticString("\\f")
        case 0x0D: buffer.writeStaticString("\\r")
        default:
            buffer.writeStaticString(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0x0F
            buffer.writeInteger(digit < 10 ? ASCII.zero + digit : 0x57 + digit)
        }
    }
}
