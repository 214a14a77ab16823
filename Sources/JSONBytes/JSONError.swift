/// A refused piece of JSON (or base64): the byte it was refused at, and why, in plain words.
///
/// `reason` reads on after "byte 17: ", for example `expected ',' or '}' after an object's value, found 'x'`. It quotes
/// at most one character of the input, so that a log line or a problem document never repeats a payload.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the first doubtful byte stands, counted from the start of the bytes handed in.
    public let byteOffset: Int
    /// What was expected or found there.
    public let reason: String

    /// Makes an error from its place and its reason.
    public init(byteOffset: Int, reason: String) {
        self.byteOffset = byteOffset
        self.reason = reason
    }

    /// Place and reason in one line.
    public var description: String { "byte \(byteOffset): \(reason)" }
}

extension JSONError {
    /// An error that says what should have stood at `at` and what stands there; never on a hot path.
    @inline(never)
    static func expected(_ what: String, in bytes: UnsafeRawBufferPointer, at: Int) -> JSONError {
        JSONError(byteOffset: at, reason: "expected \(what), found \(found(in: bytes, at: at))")
    }

    /// Names one byte for a reader: printable ASCII is quoted, all else is described.
    @inline(never)
    static func found(in bytes: UnsafeRawBufferPointer, at: Int) -> String {
        guard at < bytes.count else { return "the end of the input" }
        switch bytes[at] {
        case 0x0A, 0x0D: return "a line break"
        case 0x09: return "a tab"
        case ASCII.space: return "a space"
        case 0x21...0x7E: return "'\(Unicode.Scalar(bytes[at]))'"
        case 0xEF where at + 2 < bytes.count && bytes[at + 1] == 0xBB && bytes[at + 2] == 0xBF:
            return "a byte order mark"
        default: return "the byte \(hex(bytes[at]))"
        }
    }

    /// A byte as `0x0F`.
    static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0x0\(digits)" : "0x\(digits)"
    }
}
