import NIOCore

/// The fields of an object, in order, each name once.
public struct JSONObject: Sendable, Sequence {
    /// One field.
    public struct Field: Sendable {
        /// The name as it was written, with its quotes.
        public let rawName: ArraySlice<UInt8>
        /// The name's text: escapes resolved, lone surrogates in their WTF-8 form.
        public let name: [UInt8]
        /// The value.
        public var value: JSONTree
    }

    /// A place is empty where a field was removed: others need not move.
    private var fields: [Field?] = []
    private var places: [[UInt8]: Int] = [:]

    /// No fields.
    public init() {}

    /// How many there are.
    public var count: Int { places.count }

    /// The value of a name; setting nil removes the field, a new one comes last.
    public subscript(name: [UInt8]) -> JSONTree? {
        get { places[name].flatMap { fields[$0]?.value } }
        set {
            guard let value = newValue else { return remove(name) }
            if let place = places[name] {
                fields[place]?.value = value
            } else {
                append(Field(rawName: Self.quote(name), name: name, value: value))
            }
        }
    }

    /// Changes a field's value where it stands; answers nil, without a call, when there is none.
    mutating func change<Value, Failure: Error>(
        _ name: [UInt8],
        _ body: (inout JSONTree) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        guard let place = places[name], var field = fields[place] else { return nil }
        // Taken out meanwhile, so that it is changed and not copied.
        fields[place] = nil
        defer { fields[place] = field }
        return try body(&field.value)
    }

    /// Sets the field whose name is given as it is written, with its quotes.
    mutating func set(_ rawName: ArraySlice<UInt8>, _ value: JSONTree) {
        let name = rawName.withUnsafeBytes { raw in
            JSONString.unescaped(UnsafeRawBufferPointer(rebasing: raw.dropFirst().dropLast()))
        }
        if let place = places[name] {
            fields[place]?.value = value
        } else {
            append(Field(rawName: rawName, name: name, value: value))
        }
    }

    /// Goes over the fields that are there.
    public func makeIterator() -> AnyIterator<Field> {
        var rest = fields.makeIterator()
        return AnyIterator {
            while let next = rest.next() {
                if let field = next { return field }
            }
            return nil
        }
    }

    private mutating func append(_ field: Field) {
        places[field.name] = fields.count
        fields.append(field)
    }

    private mutating func remove(_ name: [UInt8]) {
        guard let place = places.removeValue(forKey: name) else { return }
        fields[place] = nil
    }

    private static func quote(_ name: [UInt8]) -> ArraySlice<UInt8> {
        var buffer = ByteBuffer()
        name.withUnsafeBytes { JSONString.encode($0, into: &buffer) }
        return ArraySlice(buffer.readableBytesView)
    }
}
