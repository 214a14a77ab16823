/// Places of a document, as patches name them.
extension JSONTree {
    /// Why a place cannot be used.
    struct PlaceError: Error {
        let reason: String
    }

    /// The value at a place; nil when there is none.
    func value(at pointer: JSONPointer) -> JSONTree? {
        var value = self
        for token in pointer.tokens {
            switch value {
            case .object(let fields):
                guard let inner = fields[token.name] else { return nil }
                value = inner
            case .array(let elements):
                guard let index = token.index, index < elements.count else { return nil }
                value = elements[index]
            case .scalar: return nil
            }
        }
        return value
    }

    /// Puts a value at a place: into an object, or into an array before the element that is there, or behind the last.
    mutating func insert(_ value: JSONTree, at pointer: JSONPointer) throws(PlaceError) {
        guard let last = pointer.tokens.last else { return self = value }
        try changeParent(of: pointer) { (parent) throws(PlaceError) in
            switch parent {
            case .object(var fields):
                parent = .null
                fields[last.name] = value
                parent = .object(fields)
            case .array(var elements):
                let index = last.name == [ASCII.minus] ? elements.count : last.index
                guard let index, index <= elements.count else { throw Self.noElement(pointer, elements.count) }
                parent = .null
                elements.insert(value, at: index)
                parent = .array(elements)
            case .scalar: throw Self.noContainer(pointer)
            }
        }
    }

    /// Takes the value at a place away and answers it.
    mutating func remove(at pointer: JSONPointer) throws(PlaceError) -> JSONTree {
        guard let last = pointer.tokens.last else {
            throw PlaceError(reason: "the whole document cannot be taken away; replace it")
        }
        return try changeParent(of: pointer) { (parent) throws(PlaceError) in
            switch parent {
            case .object(var fields):
                guard let removed = fields[last.name] else { throw Self.nothing(pointer) }
                parent = .null
                fields[last.name] = nil
                parent = .object(fields)
                return removed
            case .array(var elements):
                guard let index = last.index, index < elements.count else { throw Self.nothing(pointer) }
                parent = .null
                let removed = elements.remove(at: index)
                parent = .array(elements)
                return removed
            case .scalar: throw Self.noContainer(pointer)
            }
        }
    }

    /// Puts a value in the place of another and answers the old one.
    mutating func replace(at pointer: JSONPointer, with value: JSONTree) throws(PlaceError) -> JSONTree {
        try change(pointer.tokens[...], pointer) { (old) throws(PlaceError) in
            defer { old = value }
            return old
        }
    }

    private mutating func changeParent<Value>(
        of pointer: JSONPointer,
        _ body: (inout JSONTree) throws(PlaceError) -> Value
    ) throws(PlaceError) -> Value {
        try change(pointer.tokens.dropLast(), pointer, body)
    }

    /// Changes the value that some tokens lead to, where it stands.
    private mutating func change<Value>(
        _ tokens: ArraySlice<JSONPointer.Token>,
        _ pointer: JSONPointer,
        _ body: (inout JSONTree) throws(PlaceError) -> Value
    ) throws(PlaceError) -> Value {
        guard let token = tokens.first else { return try body(&self) }
        switch self {
        case .object(var fields):
            // Nothing else holds what is changed, so that it is not copied.
            self = .null
            defer { self = .object(fields) }
            let outcome = try fields.change(token.name) { (value) throws(PlaceError) in
                try value.change(tokens.dropFirst(), pointer, body)
            }
            guard let outcome else { throw Self.nothing(pointer) }
            return outcome
        case .array(var elements):
            guard let index = token.index, index < elements.count else { throw Self.nothing(pointer) }
            self = .null
            defer { self = .array(elements) }
            return try elements[index].change(tokens.dropFirst(), pointer, body)
        case .scalar: throw Self.nothing(pointer)
        }
    }

    static func nothing(_ pointer: JSONPointer) -> PlaceError {
        PlaceError(reason: "there is nothing at \(pointer)")
    }

    private static func noElement(_ pointer: JSONPointer, _ count: Int) -> PlaceError {
        PlaceError(reason: "\(pointer) is no place of an array of \(count): from 0 to \(count), or -")
    }

    private static func noContainer(_ pointer: JSONPointer) -> PlaceError {
        PlaceError(reason: "what \(pointer) stands in is neither an object nor an array")
    }
}
