import JSONBytes
import NIOCore

/// One requirement of a field selector.
struct FieldTerm: Sendable {
    /// What of an item it looks at.
    enum Field: Hashable, Sendable {
        /// The key.
        case name
        /// What the pointer names in the value.
        case value(JSONPointer)
        /// Something that is the same for all items.
        case constant([UInt8])
    }

    /// What it looks at.
    let field: Field
    /// What that must equal.
    let literal: FilterLiteral
    /// Whether it must not: a negated requirement also holds where there is no such field.
    let isNegated: Bool

    /// Whether it looks into the value.
    var isOfValue: Bool { if case .value = field { true } else { false } }

    /// Whether it holds for no item at all.
    var isNever: Bool {
        guard case .constant(let text) = field else { return false }
        return text.withUnsafeBytes { literal.equals($0) } == isNegated
    }

    /// Whether it holds for an item whose value is not looked at.
    func holds(key: ByteBuffer) -> Bool {
        switch field {
        case .name: key.withUnsafeReadableBytes { literal.equals($0) } != isNegated
        case .constant(let text): text.withUnsafeBytes { literal.equals($0) } != isNegated
        case .value: true
        }
    }

    /// Whether it holds for an item with this value.
    ///
    /// - Parameter document: where its JSON stands; nil when it is none, and so has no fields.
    func holds(_ bytes: UnsafeRawBufferPointer, _ document: Range<Int>?) -> Bool {
        guard case .value(let pointer) = field else { return true }
        guard let document, let place = pointer.resolve(in: bytes, value: document) else { return isNegated }
        return literal.equals(bytes, json: place) != isNegated
    }
}
