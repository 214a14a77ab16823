extension JSONTree: Equatable {
    /// Whether two values are equal as RFC 6902, 4.6, has it: numbers by value, strings by text, objects by their fields.
    public static func == (left: JSONTree, right: JSONTree) -> Bool {
        switch (left, right) {
        case (.object(let left), .object(let right)):
            left.count == right.count && left.allSatisfy { right[$0.name] == $0.value }
        case (.array(let left), .array(let right)): left == right
        case (.scalar(let left), .scalar(let right)):
            left == right || left.withUnsafeBytes { left in right.withUnsafeBytes { areSame(left, $0) } }
        default: false
        }
    }

    private static func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let first = left.first, let kind = JSONKind(firstByte: first), let other = right.first else {
            return false
        }
        guard kind == JSONKind(firstByte: other) else { return false }
        switch kind {
        case .number: return JSONNumber.areEqual(left, right)
        case .string:
            return JSONString.areSame(
                UnsafeRawBufferPointer(rebasing: left.dropFirst().dropLast()),
                UnsafeRawBufferPointer(rebasing: right.dropFirst().dropLast())
            )
        default: return true
        }
    }
}
