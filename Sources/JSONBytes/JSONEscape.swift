/// One escape of a string, read.
struct JSONEscape {
    /// The code point it stands for: a surrogate pair is joined; a surrogate alone is given as it is.
    let codePoint: UInt32
    /// The place after it.
    let end: Int

    var isLoneSurrogate: Bool { Self.isSurrogate(codePoint, from: 0xD800, to: 0xDFFF) }

    /// Reads the escape whose backslash stands at `at`; nil when it is malformed or cut off.
    static func read(_ raw: UnsafeRawBufferPointer, at: Int) -> JSONEscape? {
        guard at &+ 1 < raw.count else { return nil }
        let codePoint: UInt32
        switch raw[at &+ 1] {
        case ASCII.quote: codePoint = 0x22
        case ASCII.backslash: codePoint = 0x5C
        case ASCII.slash: codePoint = 0x2F
        case 0x62: codePoint = 0x08
        case ASCII.f: codePoint = 0x0C
        case ASCII.n: codePoint = 0x0A
        case 0x72: codePoint = 0x0D
        case ASCII.t: codePoint = 0x09
        case ASCII.u: return unicode(raw, at: at)
        default: return nil
        }
        return JSONEscape(codePoint: codePoint, end: at &+ 2)
    }

    /// Reads `\uXXXX`, and the low surrogate that follows a high one.
    private static func unicode(_ raw: UnsafeRawBufferPointer, at: Int) -> JSONEscape? {
        guard let first = fourDigits(raw, at: at) else { return nil }
        guard isSurrogate(first, from: 0xD800, to: 0xDBFF),
            let second = fourDigits(raw, at: at &+ 6), isSurrogate(second, from: 0xDC00, to: 0xDFFF)
        else { return JSONEscape(codePoint: first, end: at &+ 6) }
        let joined = 0x10000 + ((first &- 0xD800) &<< 10) + (second &- 0xDC00)
        return JSONEscape(codePoint: joined, end: at &+ 12)
    }

    private static func fourDigits(_ raw: UnsafeRawBufferPointer, at: Int) -> UInt32? {
        guard at &+ 6 <= raw.count, raw[at] == ASCII.backslash, raw[at &+ 1] == ASCII.u else { return nil }
        var value: UInt32 = 0
        for index in (at &+ 2)..<(at &+ 6) {
            guard let digit = ASCII.hexValue(raw[index]) else { return nil }
            value = value &<< 4 | digit
        }
        return value
    }

    private static func isSurrogate(_ codePoint: UInt32, from: UInt32, to: UInt32) -> Bool {
        codePoint >= from && codePoint <= to
    }

    /// Calls `body` with the code point's bytes, first to last, until it answers false; answers false then.
    ///
    /// A lone surrogate comes in the three bytes UTF-8 would give it (WTF-8), so that names with one can be compared.
    func forEachByte(_ body: (UInt8) -> Bool) -> Bool {
        switch codePoint {
        case 0..<0x80:
            return body(UInt8(codePoint))
        case 0x80..<0x800:
            return body(UInt8(0xC0 | codePoint &>> 6)) && body(continuation(0))
        case 0x800..<0x10000:
            return body(UInt8(0xE0 | codePoint &>> 12)) && body(continuation(6)) && body(continuation(0))
        default:
            return body(UInt8(0xF0 | codePoint &>> 18 & 0x07)) && body(continuation(12)) && body(continuation(6))
                && body(continuation(0))
        }
    }

    private func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | codePoint &>> shift & 0x3F) }
}
