import JSONBytes
import RecordFormat

/// One claim about a record.
struct FilterTerm: Hashable, Sendable {
    /// What of a record it looks at.
    enum Field: Hashable, Sendable {
        /// The key.
        case key
        /// Every header of this name.
        case header([UInt8])
        /// What the pointer names in the value; the value itself when it is empty.
        case value(JSONPointer)
    }

    /// What must be true of something that is there.
    enum Condition: Hashable, Sendable {
        /// Nothing more.
        case isThere
        /// It equals one of these.
        case isOne([FilterLiteral])
        /// It is text that begins so.
        case begins(FilterLiteral)
    }

    /// A record's value, as terms look at it.
    enum Value {
        /// A tombstone's.
        case none
        /// One that is JSON, without whitespace around it.
        case json(Range<Int>)
        /// Any other.
        case bytes(Range<Int>)
    }

    /// What it looks at.
    let field: Field
    /// What must be true of it.
    let condition: Condition
    /// Whether it must not: a negated term also holds where there is nothing to look at, as in Kubernetes.
    let isNegated: Bool

    /// Whether it can be decided without the value.
    var isCheap: Bool { if case .value = field { false } else { true } }

    /// Whether it holds for a record whose value is not looked at.
    func holds(_ record: borrowing Record, _ bytes: UnsafeRawBufferPointer, _ value: Value) -> Bool {
        let isTrue =
            switch field {
            case .key: isTrue(of: record.key, bytes)
            case .header(let name): isTrueOfAny(name, record, bytes)
            case .value(let pointer): isTrue(of: pointer, value, bytes)
            }
        return isTrue != isNegated
    }

    private func isTrue(of text: Range<Int>?, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let text else { return false }
        let part = UnsafeRawBufferPointer(rebasing: bytes[text])
        return switch condition {
        case .isThere: true
        case .isOne(let literals): literals.contains { $0.equals(part) }
        case .begins(let literal): literal.begins(part)
        }
    }

    private func isTrueOfAny(_ name: [UInt8], _ record: borrowing Record, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard record.headerCount > 0 else { return false }
        var isFound = false
        record.forEachHeader(in: bytes) { header, value in
            guard !isFound, header.count == name.count, bytes[header].elementsEqual(name) else { return }
            isFound = condition == .isThere || isTrue(of: value, bytes)
        }
        return isFound
    }

    private func isTrue(of pointer: JSONPointer, _ value: Value, _ bytes: UnsafeRawBufferPointer) -> Bool {
        switch value {
        case .none: return false
        case .bytes(let place): return pointer.depth == 0 && isTrue(of: place, bytes)
        case .json(let document):
            guard let place = pointer.resolve(in: bytes, value: document) else { return false }
            return switch condition {
            case .isThere: true
            case .isOne(let literals): literals.contains { $0.equals(bytes, json: place) }
            case .begins(let literal): literal.begins(bytes, json: place)
            }
        }
    }
}
