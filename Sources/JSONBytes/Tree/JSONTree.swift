public import NIOCore

/// A JSON value that can be changed at any place: what patches work on.
///
/// Scalars stay the bytes that they were, so nothing that is not changed comes out another way but for whitespace between
/// tokens. Of fields with the same name the last counts. Never on a path that every record takes.
public indirect enum JSONTree: Sendable {
    /// An object.
    case object(JSONObject)
    /// An array.
    case array([JSONTree])
    /// A string, a number or a word, as it was written.
    case scalar(ArraySlice<UInt8>)

    /// Reads the value at a place of bytes that ``JSONValidator`` has accepted.
    ///
    /// On other bytes the outcome means nothing, but nothing traps. The recursion is as deep as the value is nested.
    public init(_ bytes: UnsafeRawBufferPointer, value: Range<Int>) {
        let kept = Array(bytes[value])
        self = kept.withUnsafeBytes { Self.read($0, 0..<kept.count, kept) }
    }

    /// Validates a document and reads it.
    public init(validating document: ByteBuffer, depthMax: Int) throws(JSONError) {
        self = try document.withUnsafeReadableBytes { (bytes) throws(JSONError) in
            Self(bytes, value: try JSONValidator.validate(bytes, depthMax: depthMax).value)
        }
    }

    /// Appends the value without whitespace between tokens.
    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .object(let fields):
            buffer.writeInteger(ASCII.openBrace)
            var isFirst = true
            for field in fields {
                if !isFirst { buffer.writeInteger(ASCII.comma) }
                isFirst = false
                buffer.writeBytes(field.rawName)
                buffer.writeInteger(ASCII.colon)
                field.value.write(into: &buffer)
            }
            buffer.writeInteger(ASCII.closeBrace)
        case .array(let elements):
            buffer.writeInteger(ASCII.openBracket)
            for (index, element) in elements.enumerated() {
                if index > 0 { buffer.writeInteger(ASCII.comma) }
                element.write(into: &buffer)
            }
            buffer.writeInteger(ASCII.closeBracket)
        case .scalar(let bytes): buffer.writeBytes(bytes)
        }
    }

    /// The bytes that ``write(into:)`` appends.
    public var byteCount: Int {
        switch self {
        case .object(let fields):
            let separators = 1 + max(fields.count, 1)
            return fields.reduce(separators) { $0 + $1.rawName.count + 1 + $1.value.byteCount }
        case .array(let elements): return elements.reduce(1 + max(elements.count, 1)) { $0 + $1.byteCount }
        case .scalar(let bytes): return bytes.count
        }
    }

    /// What kind of value it is; nil for one that was read from bytes that were not valid.
    public var kind: JSONKind? {
        switch self {
        case .object: .object
        case .array: .array
        case .scalar(let bytes): bytes.first.flatMap { JSONKind(firstByte: $0) }
        }
    }

    /// The text of a string; nil for another kind, and where it has no UTF-8 form.
    public var text: String? {
        guard case .scalar(let raw) = self, kind == .string else { return nil }
        return raw.dropFirst().dropLast().withUnsafeBytes { try? JSONString.text($0) }
    }

    /// `null`.
    public static let null = JSONTree.scalar(ArraySlice("null".utf8))

    private static func read(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>, _ kept: [UInt8]) -> JSONTree {
        guard !place.isEmpty else { return .scalar([]) }
        switch bytes[place.lowerBound] {
        case ASCII.openBrace:
            var fields = JSONObject()
            forEachField(in: bytes, object: place) { name, value in
                fields.set(quoted(name, kept), read(bytes, value, kept))
                return true
            }
            return .object(fields)
        case ASCII.openBracket:
            var elements: [JSONTree] = []
            forEachElement(in: bytes, array: place) { value in
                elements.append(read(bytes, value, kept))
                return true
            }
            return .array(elements)
        default: return .scalar(kept[place])
        }
    }

    /// A name with the quotes around it, which valid bytes have.
    private static func quoted(_ name: Range<Int>, _ kept: [UInt8]) -> ArraySlice<UInt8> {
        kept[max(name.lowerBound - 1, 0)..<min(name.upperBound + 1, kept.count)]
    }
}
