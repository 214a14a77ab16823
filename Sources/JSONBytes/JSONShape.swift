/// What a JSON value is, told by its first byte.
public enum JSONKind: Hashable, Sendable {
    /// An object, `{...}`.
    case object
    /// An array, `[...]`.
    case array
    /// A string, `"..."`.
    case string
    /// A number of any form.
    case number
    /// `true` or `false`.
    case boolean(Bool)
    /// `null`.
    case null

    /// The kind of the value that begins with `byte`, or nil when no JSON value does.
    @inline(__always)
    init?(firstByte byte: UInt8) {
        switch byte {
        case ASCII.quote: self = .string
        case ASCII.openBrace: self = .object
        case ASCII.openBracket: self = .array
        case ASCII.minus, ASCII.zero...ASCII.nine: self = .number
        case ASCII.t: self = .boolean(true)
        case ASCII.f: self = .boolean(false)
        case ASCII.n: self = .null
        default: return nil
        }
    }
}

/// What validating one document found out on the way.
public struct JSONShape: Hashable, Sendable {
    /// The kind of the outermost value.
    public let kind: JSONKind
    /// Where the value stands, without the whitespace around it.
    public let value: Range<Int>
    /// Whether a CR or LF stands anywhere between tokens, the whitespace around the value included.
    ///
    /// If so, ``JSONLineBreaks`` must replace them before the bytes are spliced into a line-based framing.
    public let hasLineBreaks: Bool
}
