import JSONBytes

/// The fields of one JSON object whose names are known beforehand: an unknown or repeated one is refused.
///
/// For small documents (settings, commits); records have their own reader.
struct JSONFields {
    private let bytes: UnsafeRawBufferPointer
    private let names: [StaticString]
    private let path: String
    private var values: [Range<Int>?]

    /// Reads the object at `value` of valid JSON.
    ///
    /// - Parameter path: where the object stands in its document, for messages: `""` or such as `offsets[3].`.
    /// - Parameter what: what the whole document is called in messages.
    /// - Parameter listed: how many of the known names a message lists; nil lists all.
    init(
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        known: [StaticString],
        path: String = "",
        what: String = "the body",
        listed: Int? = nil
    ) throws(Problem) {
        self.bytes = bytes
        self.names = known
        self.path = path
        values = Array(repeating: nil, count: known.count)
        var taken = JSONKnownNames(known)
        var found = values
        let isObject = try forEachField(in: bytes, object: value) { (name, range) throws(Problem) in
            let raw = UnsafeRawBufferPointer(rebasing: bytes[name])
            switch taken.take(raw) {
            case .known(let index): found[index] = range
            case .repeated(let index): throw Problem.invalidRequest("the field \(path)\(known[index]) is given twice")
            case .unknown:
                throw Problem.unknownName(
                    path + String(decoding: raw, as: UTF8.self),
                    what: "field",
                    known: known.prefix(listed ?? known.count).map { "\($0)" }
                )
            }
            return true
        }
        guard isObject else {
            throw Problem.invalidRequest("\(path.isEmpty ? what : String(path.dropLast())) is not a JSON object")
        }
        values = found
    }

    /// Whether a field is given, be it as null.
    func isGiven(_ index: Int) -> Bool { values[index] != nil }

    /// Where a field's value stands; nil when it is not given or null.
    func range(_ index: Int) -> Range<Int>? {
        guard let range = values[index], bytes[range.lowerBound] != UInt8(ascii: "n") else { return nil }
        return range
    }

    /// A field that is a string.
    func string(_ index: Int) throws(Problem) -> String? {
        guard let range = range(index) else { return nil }
        guard bytes[range.lowerBound] == UInt8(ascii: "\"") else { throw wrong(index, "a string") }
        do {
            return try JSONString.text(UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst().dropLast()))
        } catch {
            throw wrong(index, "a string of valid Unicode")
        }
    }

    /// A field that is a whole number of 64 bits.
    func integer(_ index: Int) throws(Problem) -> Int64? {
        guard let range = range(index) else { return nil }
        guard let number = JSONNumber.integer(UnsafeRawBufferPointer(rebasing: bytes[range])) else {
            throw wrong(index, "a whole number")
        }
        return number
    }

    /// A field that is `true` or `false`.
    func bool(_ index: Int) throws(Problem) -> Bool? {
        guard let range = range(index) else { return nil }
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw wrong(index, "true or false")
        }
    }

    /// A field that is an array of strings; nil when it is not given or null.
    func strings(_ index: Int) throws(Problem) -> [String]? {
        guard range(index) != nil else { return nil }
        var texts: [String] = []
        for element in try elements(index) {
            guard bytes[element.lowerBound] == UInt8(ascii: "\""),
                let text = try? JSONString.text(UnsafeRawBufferPointer(rebasing: bytes[element].dropFirst().dropLast()))
            else { throw wrong(index, "an array of strings") }
            texts.append(text)
        }
        return texts
    }

    /// The elements of a field that is an array; none when it is not given.
    func elements(_ index: Int) throws(Problem) -> [Range<Int>] {
        guard let range = range(index) else { return [] }
        var elements: [Range<Int>] = []
        let isArray = forEachElement(in: bytes, array: range) { element in
            elements.append(element)
            return true
        }
        guard isArray else { throw wrong(index, "an array") }
        return elements
    }

    /// The refusal of a request that does not give a field.
    func missing(_ index: Int) -> Problem {
        .invalidRequest("the field \(path)\(names[index]) is missing")
    }

    private func wrong(_ index: Int, _ kind: String) -> Problem {
        .invalidRequest("the field \(path)\(names[index]) is not \(kind)")
    }
}
