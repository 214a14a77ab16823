import NIOCore

/// Checks that bytes are exactly one JSON value (RFC 8259), in one pass, without a tree, recursion or allocation.
///
/// Accepted is what RFC 8259's grammar accepts: any kind of value at the top, whitespace around it, numbers of any
/// size, repeated names, escaped lone surrogates. Raw text must be valid UTF-8; a byte order mark is refused.
public enum JSONValidator {
    /// The deepest nesting that can be allowed; a larger `depthMax` counts as this.
    public static let depthLimit = JSONNesting.depthLimit

    /// Validates one document.
    ///
    /// Cost: about a nanosecond a byte or less; nothing is copied or allocated.
    /// - Parameter depthMax: how many containers may stand within one another; a scalar needs none.
    public static func validate(_ bytes: UnsafeRawBufferPointer, depthMax: Int) throws(JSONError) -> JSONShape {
        var hasLineBreaks = false
        let start = JSONTokens.skipWhitespace(bytes, 0, &hasLineBreaks)
        guard start < bytes.count, let kind = JSONKind(firstByte: bytes[start]) else {
            throw .expected("a JSON value", in: bytes, at: start)
        }
        let end = try endOfValue(bytes, from: start, depthMax: depthMax, &hasLineBreaks)
        let rest = JSONTokens.skipWhitespace(bytes, end, &hasLineBreaks)
        guard rest == bytes.count else { throw .expected("nothing more after the value", in: bytes, at: rest) }
        return JSONShape(kind: kind, value: start..<end, hasLineBreaks: hasLineBreaks)
    }

    /// Validates the readable bytes of a buffer; places count from its reader index.
    public static func validate(_ buffer: ByteBuffer, depthMax: Int) throws(JSONError) -> JSONShape {
        try buffer.withUnsafeReadableBytes { (bytes) throws(JSONError) in try validate(bytes, depthMax: depthMax) }
    }

    /// Walks one value token by token and answers where it ends.
    private static func endOfValue(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        depthMax: Int,
        _ hasLineBreaks: inout Bool
    ) throws(JSONError) -> Int {
        var open = JSONNesting(depthMax: depthMax)
        var at = start
        while true {
            // Here a value begins. Containers that are not empty go round again for their first value.
            guard at < bytes.count else { throw .expected("a value", in: bytes, at: at) }
            switch bytes[at] {
            case ASCII.quote:
                at = try JSONTokens.string(bytes, at)
            case ASCII.openBrace:
                guard open.push(isObject: true) else { throw open.error(at: at) }
                at = JSONTokens.skipWhitespace(bytes, at &+ 1, &hasLineBreaks)
                guard at < bytes.count, bytes[at] == ASCII.closeBrace else {
                    at = try JSONTokens.name(bytes, at, orElse: "a name in quotes or '}' after '{'", &hasLineBreaks)
                    continue
                }
                open.pop()
                at &+= 1
            case ASCII.openBracket:
                guard open.push(isObject: false) else { throw open.error(at: at) }
                at = JSONTokens.skipWhitespace(bytes, at &+ 1, &hasLineBreaks)
                guard at < bytes.count, bytes[at] == ASCII.closeBracket else { continue }
                open.pop()
                at &+= 1
            default:
                at = try JSONTokens.numberOrWord(bytes, at)
            }
            // Here a value has ended: close what closes, then go on to the next value, if any.
            at = try next(bytes, at, &open, &hasLineBreaks)
            if open.isEmpty { return at }
        }
    }

    /// From the end of a value to where the next one begins, or to the end of the outermost one.
    @inline(__always)
    private static func next(
        _ bytes: UnsafeRawBufferPointer,
        _ end: Int,
        _ open: inout JSONNesting,
        _ hasLineBreaks: inout Bool
    ) throws(JSONError) -> Int {
        var at = end
        while !open.isEmpty {
            at = JSONTokens.skipWhitespace(bytes, at, &hasLineBreaks)
            let byte = at < bytes.count ? bytes[at] : 0
            if byte == ASCII.comma {
                at = JSONTokens.skipWhitespace(bytes, at &+ 1, &hasLineBreaks)
                guard open.isInObject else { return at }
                return try JSONTokens.name(bytes, at, orElse: "a name in quotes after ','", &hasLineBreaks)
            }
            guard byte == (open.isInObject ? ASCII.closeBrace : ASCII.closeBracket) else {
                let what = open.isInObject ? "',' or '}' after an object's value" : "',' or ']' after an array's value"
                throw .expected(what, in: bytes, at: at)
            }
            open.pop()
            at &+= 1
        }
        return at
    }
}
