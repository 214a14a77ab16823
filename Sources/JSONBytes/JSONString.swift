import NIOCore

/// Strings between raw JSON (escaped, as it stands between the quotes) and UTF-8 text.
public enum JSONString {
    /// Whether `bytes` are valid UTF-8 from end to end (RFC 3629; an empty text is).
    public static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool { UTF8Text.firstInvalid(bytes) == nil }

    /// Whether any escape stands in `raw`; if not, `raw` is the text itself.
    public static func hasEscapes(_ raw: UnsafeRawBufferPointer) -> Bool { nextBackslash(raw, 0) < raw.count }

    /// Whether the raw string stands for `text`, however it is escaped: `"r\u0065cords"` equals `records`.
    ///
    /// - Parameter raw: the bytes between the quotes.
    @inline(__always)
    public static func equals(_ raw: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { equals(raw, utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Whether the raw string at `range` of `bytes` stands for `text`.
    @inline(__always)
    public static func equals(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString) -> Bool {
        equals(UnsafeRawBufferPointer(rebasing: bytes[range]), text)
    }

    /// Whether the raw string stands for the text whose UTF-8 is given.
    public static func equals(_ raw: UnsafeRawBufferPointer, utf8 text: UnsafeRawBufferPointer) -> Bool {
        // An escape is always longer than what it stands for.
        if raw.count < text.count { return false }
        if raw.count == text.count { return Words.areEqual(raw, text) && !hasEscapes(raw) }
        return hasEscapes(raw) && equalsUnescaped(raw, text)
    }

    /// Appends the text that the raw string stands for.
    ///
    /// - Parameter raw: the bytes between the quotes, of a string that the validator accepted.
    /// - Throws: ``JSONError`` at a surrogate that stands alone, which UTF-8 has no form for, and at a bad escape.
    ///   The buffer may then hold part of the text.
    public static func decode(_ raw: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) throws(JSONError) {
        var at = 0
        while at < raw.count {
            let backslash = nextBackslash(raw, at)
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: raw[at..<backslash]))
            guard backslash < raw.count else { return }
            guard let escape = JSONEscape.read(raw, at: backslash) else {
                throw JSONError(byteOffset: backslash, reason: "a malformed escape")
            }
            guard !escape.isLoneSurrogate else { throw loneSurrogate(escape.codePoint, at: backslash) }
            _ = escape.forEachByte {
                buffer.writeInteger($0)
                return true
            }
            at = escape.end
        }
    }

    /// The text that the raw string stands for, as a `String`: for names and settings, not for records.
    ///
    /// - Throws: as ``decode(_:into:)``, and where the raw bytes are not UTF-8, so that nothing is repaired silently.
    public static func text(_ raw: UnsafeRawBufferPointer) throws(JSONError) -> String {
        if let invalid = UTF8Text.firstInvalid(raw) { throw UTF8Text.error(raw, at: invalid) }
        guard hasEscapes(raw) else { return String(decoding: raw, as: UTF8.self) }
        var buffer = ByteBuffer()
        try decode(raw, into: &buffer)
        return String(buffer: buffer)
    }

    // MARK: - Within the module

    /// Whether two raw strings stand for the same text.
    static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard hasEscapes(left) || hasEscapes(right) else { return Words.areEqual(left, right) }
        return unescaped(left) == unescaped(right)
    }

    /// The text as bytes, lone surrogates in their WTF-8 form; a malformed escape stands for itself.
    static func unescaped(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var at = 0
        while at < raw.count {
            if raw[at] == ASCII.backslash, let escape = JSONEscape.read(raw, at: at) {
                _ = escape.forEachByte {
                    text.append($0)
                    return true
                }
                at = escape.end
            } else {
                text.append(raw[at])
                at &+= 1
            }
        }
        return text
    }

    private static func equalsUnescaped(_ raw: UnsafeRawBufferPointer, _ text: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        var matched = 0
        while at < raw.count {
            if raw[at] == ASCII.backslash {
                guard let escape = JSONEscape.read(raw, at: at), !escape.isLoneSurrogate else { return false }
                let isSame = escape.forEachByte { byte in
                    defer { matched &+= 1 }
                    return matched < text.count && text[matched] == byte
                }
                guard isSame else { return false }
                at = escape.end
            } else {
                guard matched < text.count, text[matched] == raw[at] else { return false }
                matched &+= 1
                at &+= 1
            }
        }
        return matched == text.count
    }

    @inline(__always)
    private static func nextBackslash(_ raw: UnsafeRawBufferPointer, _ at: Int) -> Int {
        Words.first(in: raw, from: at, marks: Words.backslash, isMarked: { $0 == ASCII.backslash })
    }

    @inline(never)
    private static func loneSurrogate(_ codePoint: UInt32, at: Int) -> JSONError {
        let name = String(codePoint, radix: 16, uppercase: true)
        return JSONError(byteOffset: at, reason: "the surrogate \\u\(name) stands alone and has no UTF-8 form")
    }
}
