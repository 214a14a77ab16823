/// Walks a value that ``JSONValidator`` has accepted: in and out of objects and arrays, in one forward pass.
///
///     var cursor = JSONCursor(bytes, value: shape.value)          // {"records":[{"key":"a","value":1}, ...]}
///     guard cursor.enterObject() else { ... }
///     while let name = cursor.nextName() {
///         if JSONString.equals(bytes, name, "records"), cursor.enterArray() {
///             while cursor.nextElement() { let record = cursor.takeValue() ... }
///         } else { cursor.takeValue() }
///     }
///
/// After `nextName()` or a `nextElement()` that answered true, the caller must take the value or enter it, and an
/// entered container is read until nil or false. Names come in order, repeated ones each time: what a repetition means
/// is the caller's to decide (``JSONKnownNames``). All ranges are places in `bytes`.
///
/// On bytes that are not valid JSON the answers mean nothing, but nothing traps, nothing outside of the value is read,
/// and every loop ends.
public struct JSONCursor {
    let bytes: UnsafeRawBufferPointer
    private let end: Int
    private var position: Int

    /// Starts before the value that stands in `value`, which may have whitespace around it.
    public init(_ bytes: UnsafeRawBufferPointer, value: Range<Int>) {
        self.bytes = bytes
        self.end = min(max(value.upperBound, 0), bytes.count)
        self.position = min(max(value.lowerBound, 0), end)
    }

    /// The kind of the value the cursor stands before, or nil when none begins here.
    public var kind: JSONKind? {
        let at = skipWhitespace(position)
        return at < end ? JSONKind(firstByte: bytes[at]) : nil
    }

    /// Goes into the object that begins here; false, without a move, when the value is something else.
    public mutating func enterObject() -> Bool { enter(ASCII.openBrace) }

    /// Goes into the array that begins here; false, without a move, when the value is something else.
    public mutating func enterArray() -> Bool { enter(ASCII.openBracket) }

    /// Moves to the next field's value and answers the field's name, raw and without quotes; nil past the last one.
    public mutating func nextName() -> Range<Int>? {
        var at = skipWhitespace(position)
        if at < end, bytes[at] == ASCII.comma { at = skipWhitespace(at &+ 1) }
        guard at < end, bytes[at] == ASCII.quote else {
            leave(at, closer: ASCII.closeBrace)
            return nil
        }
        let closed = endOfString(at)
        let name = (at &+ 1)..<max(at &+ 1, closed &- 1)
        let colon = skipWhitespace(closed)
        position = skipWhitespace(min(colon &+ 1, end))
        return name
    }

    /// Moves to the array's next element; false past the last one.
    public mutating func nextElement() -> Bool {
        var at = skipWhitespace(position)
        if at < end, bytes[at] == ASCII.comma { at = skipWhitespace(at &+ 1) }
        guard at < end, bytes[at] != ASCII.closeBracket else {
            leave(at, closer: ASCII.closeBracket)
            return false
        }
        position = at
        return true
    }

    /// Passes over the value that begins here, whatever it is, and answers its place without whitespace around it.
    @discardableResult
    public mutating func takeValue() -> Range<Int> {
        let start = skipWhitespace(position)
        guard start < end else {
            position = end
            return end..<end
        }
        switch bytes[start] {
        case ASCII.quote: position = endOfString(start)
        case ASCII.openBrace, ASCII.openBracket: position = endOfContainer(start)
        default: position = endOfScalar(start)
        }
        return start..<position
    }

    // MARK: - Places

    private mutating func enter(_ opener: UInt8) -> Bool {
        let at = skipWhitespace(position)
        guard at < end, bytes[at] == opener else { return false }
        position = at &+ 1
        return true
    }

    /// Past the closer; on anything else the bytes were not valid, and the cursor gives up at the end.
    private mutating func leave(_ at: Int, closer: UInt8) {
        position = at < end && bytes[at] == closer ? at &+ 1 : end
    }

    @inline(__always)
    private func skipWhitespace(_ start: Int) -> Int {
        var at = start
        while at < end, bytes[at] <= ASCII.space { at &+= 1 }
        return at
    }

    /// The place after the closing quote, or the end when there is none.
    @inline(__always)
    private func endOfString(_ start: Int) -> Int {
        var at = start &+ 1
        while at < end {
            if at &+ 8 <= end {
                let mask = Words.quoteOrBackslash(Words.load(bytes, at))
                guard mask != 0 else {
                    at &+= 8
                    continue
                }
                at &+= mask.trailingZeroBitCount &>> 3
            }
            let byte = bytes[at]
            if byte == ASCII.quote { return at &+ 1 }
            at &+= byte == ASCII.backslash ? 2 : 1
        }
        return end
    }

    /// The place after the bracket that closes the one at `start`; which kind closes which is the validator's business.
    private func endOfContainer(_ start: Int) -> Int {
        var at = start
        var depth = 0
        while at < end {
            switch bytes[at] {
            case ASCII.quote:
                at = endOfString(at)
                continue
            case ASCII.openBrace, ASCII.openBracket:
                depth &+= 1
            case ASCII.closeBrace, ASCII.closeBracket:
                depth &-= 1
                if depth == 0 { return at &+ 1 }
            default: break
            }
            at &+= 1
        }
        return end
    }

    /// The place after a number or a word; one byte at least, so that garbage is passed over too.
    private func endOfScalar(_ start: Int) -> Int {
        var at = start &+ 1
        while at < end {
            switch bytes[at] {
            case ASCII.comma, ASCII.closeBrace, ASCII.closeBracket, 0...ASCII.space: return at
            default: at &+= 1
            }
        }
        return end
    }
}
