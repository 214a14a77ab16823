/// The validator's leaves: each takes the place where a token begins and answers the place after it.
enum JSONTokens {
    /// Past spaces, tabs, CR and LF; notes whether a CR or LF was among them.
    @inline(__always)
    static func skipWhitespace(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ hasLineBreaks: inout Bool) -> Int {
        guard start < bytes.count, bytes[start] <= ASCII.space else { return start }
        return skipLongWhitespace(bytes, start, &hasLineBreaks)
    }

    @inline(never)
    private static func skipLongWhitespace(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ hasLineBreaks: inout Bool
    ) -> Int {
        var at = start
        while at < bytes.count {
            switch bytes[at] {
            case ASCII.lineFeed, ASCII.carriageReturn: hasLineBreaks = true
            case ASCII.space, ASCII.tab: break
            default: return at
            }
            at &+= 1
            // Indentation: spaces mostly come in eights.
            while at &+ 8 <= bytes.count, Words.load(bytes, at) == Words.spaces { at &+= 8 }
        }
        return at
    }

    /// A name and its colon: answers where the value begins.
    @inline(__always)
    static func name(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        orElse what: @autoclosure () -> String,
        _ hasLineBreaks: inout Bool
    ) throws(JSONError) -> Int {
        guard start < bytes.count, bytes[start] == ASCII.quote else {
            throw .expected(what(), in: bytes, at: start)
        }
        let colon = skipWhitespace(bytes, try string(bytes, start), &hasLineBreaks)
        guard colon < bytes.count, bytes[colon] == ASCII.colon else {
            throw .expected("':' after a name", in: bytes, at: colon)
        }
        return skipWhitespace(bytes, colon &+ 1, &hasLineBreaks)
    }

    /// A string, from its opening quote.
    static func string(_ bytes: UnsafeRawBufferPointer, _ start: Int) throws(JSONError) -> Int {
        var at = start &+ 1
        while true {
            at = Words.first(in: bytes, from: at, marks: Words.notPlain, isMarked: isNotPlain)
            guard at < bytes.count else {
                throw JSONError(byteOffset: at, reason: "the string that began at byte \(start) has no closing '\"'")
            }
            let byte = bytes[at]
            if byte == ASCII.quote { return at &+ 1 }
            if byte == ASCII.backslash {
                at = try escape(bytes, at)
            } else if byte >= 0x80 {
                // Text beyond ASCII comes in runs: stay here until the run ends.
                repeat {
                    let length = UTF8Text.sequenceLength(bytes, at: at)
                    guard length > 0 else { throw UTF8Text.error(bytes, at: at) }
                    at &+= length
                } while at < bytes.count && bytes[at] >= 0x80
            } else {
                throw controlCharacter(bytes, at)
            }
        }
    }

    @inline(__always)
    private static func isNotPlain(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte >= 0x80 || byte == ASCII.quote || byte == ASCII.backslash
    }

    @inline(never)
    private static func controlCharacter(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> JSONError {
        JSONError(byteOffset: at, reason: "\(JSONError.found(in: bytes, at: at)) must be escaped in a string")
    }

    /// An escape, from its backslash.
    @inline(__always)
    private static func escape(_ bytes: UnsafeRawBufferPointer, _ start: Int) throws(JSONError) -> Int {
        let at = start &+ 1
        guard at < bytes.count else { throw .expected("an escape after '\\'", in: bytes, at: at) }
        switch bytes[at] {
        case ASCII.quote, ASCII.backslash, ASCII.slash, 0x62, ASCII.f, ASCII.n, 0x72, ASCII.t:
            return at &+ 1
        case ASCII.u:
            for digit in (at &+ 1)..<(at &+ 5) {
                guard digit < bytes.count, ASCII.hexValue(bytes[digit]) != nil else {
                    throw .expected("four hexadecimal digits after '\\u'", in: bytes, at: digit)
                }
            }
            return at &+ 5
        default:
            throw .expected("one of \" \\ / b f n r t u after '\\'", in: bytes, at: at)
        }
    }

    /// A number, `true`, `false` or `null`.
    @inline(__always)
    static func numberOrWord(_ bytes: UnsafeRawBufferPointer, _ start: Int) throws(JSONError) -> Int {
        switch bytes[start] {
        case ASCII.minus, ASCII.zero...ASCII.nine: return try number(bytes, start)
        case ASCII.t: return try word(bytes, start, "true")
        case ASCII.f: return try word(bytes, start, "false")
        case ASCII.n: return try word(bytes, start, "null")
        default: throw .expected("a value", in: bytes, at: start)
        }
    }

    @inline(__always)
    private static func word(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ word: StaticString
    ) throws(JSONError) -> Int {
        for index in 0..<word.utf8CodeUnitCount {
            guard start &+ index < bytes.count, bytes[start &+ index] == word.utf8Start[index] else {
                throw .expected("'\(word)'", in: bytes, at: start &+ index)
            }
        }
        return start &+ word.utf8CodeUnitCount
    }

    /// A number, from its sign or first digit.
    ///
    ///     -? (0 | 1-9 digits) (. digits)? ([eE] [+-]? digits)?
    @inline(__always)
    private static func number(_ bytes: UnsafeRawBufferPointer, _ start: Int) throws(JSONError) -> Int {
        var at = start
        if bytes[at] == ASCII.minus { at &+= 1 }
        if at < bytes.count, bytes[at] == ASCII.zero {
            at &+= 1
            guard at == bytes.count || !ASCII.isDigit(bytes[at]) else {
                throw JSONError(byteOffset: at, reason: "a number must not have a digit after a leading 0")
            }
        } else {
            at = try digits(bytes, at, after: "'-'")
        }
        if at < bytes.count, bytes[at] == ASCII.dot {
            at = try digits(bytes, at &+ 1, after: "'.'")
        }
        if at < bytes.count, bytes[at] | 0x20 == ASCII.e {
            at &+= 1
            if at < bytes.count, bytes[at] == ASCII.plus || bytes[at] == ASCII.minus { at &+= 1 }
            at = try digits(bytes, at, after: "the exponent's 'e'")
        }
        return at
    }

    /// One digit at least.
    @inline(__always)
    private static func digits(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        after what: StaticString
    ) throws(JSONError) -> Int {
        var at = start
        while at < bytes.count, ASCII.isDigit(bytes[at]) { at &+= 1 }
        guard at > start else { throw .expected("a digit after \(what)", in: bytes, at: at) }
        return at
    }
}
