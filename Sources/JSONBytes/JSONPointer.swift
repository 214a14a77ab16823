/// A refused JSON pointer: the byte it was refused at, and why.
public struct JSONPointerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where the fault stands, counted in bytes from the start of the pointer's text.
    public let byteOffset: Int
    /// What is wrong there, in plain words.
    public let reason: String

    /// Place and reason in one line.
    public var description: String { "byte \(byteOffset): \(reason)" }
}

/// A JSON pointer (RFC 6901), parsed once and resolved against many documents.
///
/// `""` is the whole document, `/a/0` the first element of the array at `a`; `~1` stands for '/', `~0` for '~'.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    struct Token: Hashable, Sendable {
        /// The name in UTF-8, tildes resolved.
        let name: [UInt8]
        /// The same as an array index, if it is one: digits without a leading zero.
        let index: Int?
    }

    /// The pointer as it was given.
    public let description: String
    let tokens: [Token]

    /// Parses a pointer in its string form (RFC 6901 section 3), not percent-encoded.
    public init(_ text: String) throws(JSONPointerError) {
        let bytes = Array(text.utf8)
        var tokens: [Token] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == ASCII.slash else {
                throw JSONPointerError(byteOffset: at, reason: "a JSON pointer is empty or begins with '/'")
            }
            var name: [UInt8] = []
            at += 1
            while at < bytes.count, bytes[at] != ASCII.slash {
                if bytes[at] == ASCII.tilde {
                    at += 1
                    name.append(try Self.escaped(bytes, at))
                } else {
                    name.append(bytes[at])
                }
                at += 1
            }
            tokens.append(Token(name: name, index: Self.arrayIndex(name)))
        }
        self.description = text
        self.tokens = tokens
    }

    /// The whole document.
    public static let whole = JSONPointer(description: "", tokens: [])

    /// The pointer to a field of an object that this one points to; nil for a name that is not text.
    func appending(_ name: [UInt8]) -> JSONPointer? {
        String(validating: name, as: UTF8.self).map { appending($0) }
    }

    /// The pointer to a field of an object that this one points to.
    private func appending(_ name: String) -> JSONPointer {
        var escaped = ""
        // Scalar by scalar: a mark that combines with a '~' or '/' before it makes another character of the two.
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        let bytes = Array(name.utf8)
        let token = Token(name: bytes, index: Self.arrayIndex(bytes))
        return JSONPointer(description: "\(description)/\(escaped)", tokens: tokens + [token])
    }

    /// The pointer to an element of an array that this one points to.
    func appending(_ index: Int) -> JSONPointer {
        let token = Token(name: Array(String(index).utf8), index: index)
        return JSONPointer(description: "\(description)/\(index)", tokens: tokens + [token])
    }

    private init(description: String, tokens: [Token]) {
        self.description = description
        self.tokens = tokens
    }

    /// Makes a pointer of names, from the outermost inwards; one of digits is an array's index as well.
    public init(names: [String]) {
        self = names.reduce(.whole) { pointer, name in pointer.appending(name) }
    }

    /// How many names it has: 0 for the whole document.
    public var depth: Int { tokens.count }

    /// Where the value stands that the pointer names within a valid document, or nil when there is none.
    ///
    /// The place has no whitespace around it. Of fields with the same name the last counts, as it does for the common
    /// readers of JSON. `-`, the element after an array's last, names nothing. Nothing is allocated.
    public func resolve(in bytes: UnsafeRawBufferPointer, value: Range<Int>) -> Range<Int>? {
        var cursor = JSONCursor(bytes, value: value)
        guard cursor.kind != nil else { return nil }
        var place = cursor.takeValue()
        for token in tokens {
            let inner =
                switch bytes[place.lowerBound] {
                case ASCII.openBrace: Self.field(token, in: bytes, object: place)
                case ASCII.openBracket: Self.element(token, in: bytes, array: place)
                default: nil as Range<Int>?
                }
            // An empty place is the mark of a document that was not valid.
            guard let inner, !inner.isEmpty else { return nil }
            place = inner
        }
        return place
    }

    private static func field(_ token: Token, in bytes: UnsafeRawBufferPointer, object: Range<Int>) -> Range<Int>? {
        token.name.withUnsafeBytes { wanted in
            var found: Range<Int>?
            forEachField(in: bytes, object: object) { name, value in
                if JSONString.equals(UnsafeRawBufferPointer(rebasing: bytes[name]), utf8: wanted) { found = value }
                return true
            }
            return found
        }
    }

    private static func element(_ token: Token, in bytes: UnsafeRawBufferPointer, array: Range<Int>) -> Range<Int>? {
        guard var left = token.index else { return nil }
        var found: Range<Int>?
        forEachElement(in: bytes, array: array) { value in
            if left == 0 { found = value }
            left -= 1
            return left >= 0
        }
        return found
    }

    private static func escaped(_ bytes: [UInt8], _ at: Int) throws(JSONPointerError) -> UInt8 {
        switch at < bytes.count ? bytes[at] : 0 {
        case ASCII.zero: return ASCII.tilde
        case ASCII.zero + 1: return ASCII.slash
        default: throw JSONPointerError(byteOffset: at, reason: "expected '0' or '1' after '~'")
        }
    }

    private static func arrayIndex(_ name: [UInt8]) -> Int? {
        guard name.allSatisfy(ASCII.isDigit) else { return nil }
        return name.withUnsafeBytes { JSONNumber.integer($0) }.flatMap { Int(exactly: $0) }
    }
}
