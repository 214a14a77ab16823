import JSONBytes

/// What a filter compares with.
///
/// One that was written bare is the text, and also the number, the truth value or the null that it reads as; one in quotes
/// is the text alone. So `12` finds `12`, `12.0` and `"12"`, and `"12"` finds the string.
struct FilterLiteral: Hashable, Sendable {
    /// The text in UTF-8.
    let text: [UInt8]
    /// Whether it also stands for a number.
    let isNumber: Bool
    /// The word that it also stands for: `true`, `false` or `null`.
    let word: JSONKind?

    /// A literal as it was written.
    init(_ text: String, isQuoted: Bool) {
        let bytes = Array(text.utf8)
        self.text = bytes
        isNumber = !isQuoted && bytes.withUnsafeBytes { JSONNumber.isNumber($0) }
        switch text {
        case "true" where !isQuoted: word = .boolean(true)
        case "false" where !isQuoted: word = .boolean(false)
        case "null" where !isQuoted: word = .null
        default: word = nil
        }
    }

    /// Whether bytes are its text.
    func equals(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == text.count && bytes.elementsEqual(text)
    }

    /// Whether bytes begin with its text.
    func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= text.count && bytes.prefix(text.count).elementsEqual(text)
    }

    /// Whether the JSON value at `place` is it: by text, unescaped, or by exact value; an object or an array never is.
    func equals(_ bytes: UnsafeRawBufferPointer, json place: Range<Int>) -> Bool {
        switch JSONCursor(bytes, value: place).kind {
        case .string: text.withUnsafeBytes { JSONString.equals(Self.inside(bytes, place), utf8: $0) }
        case .number:
            isNumber
                && text.withUnsafeBytes { JSONNumber.areEqual(UnsafeRawBufferPointer(rebasing: bytes[place]), $0) }
        case .object, .array, nil: false
        case let kind: kind == word
        }
    }

    /// Whether the JSON value at `place` is a string that begins with its text.
    func begins(_ bytes: UnsafeRawBufferPointer, json place: Range<Int>) -> Bool {
        guard JSONCursor(bytes, value: place).kind == .string else { return false }
        return text.withUnsafeBytes { JSONString.hasPrefix(Self.inside(bytes, place), utf8: $0) }
    }

    /// What stands between the quotes of a string.
    private static func inside(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[place].dropFirst().dropLast())
    }
}
