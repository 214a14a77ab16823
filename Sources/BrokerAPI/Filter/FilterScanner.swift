import JSONBytes
import RecordFormat

/// Reads the parts of a filter's or a selector's text one after the other, and knows where each stands.
///
/// Places count characters (Unicode scalars) of the decoded text, from 0.
struct FilterScanner {
    /// What may stand without quotes: everything but spaces, control characters and these, which mean something or will.
    private static let special = Set(",()=!^<>~|&[]\"'\\`".unicodeScalars)

    /// Which parameter the text is of.
    let parameter: Parameter
    private let text: [Unicode.Scalar]
    /// Where the next part begins.
    private(set) var position = 0

    /// A scanner at the beginning.
    init(_ text: String, of parameter: Parameter = .filter) {
        self.parameter = parameter
        self.text = Array(text.unicodeScalars)
    }

    /// What stands next, if anything does.
    var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    /// Passes over spaces.
    mutating func skipSpaces() {
        while let scalar = next, scalar == " " || scalar == "\t" { position += 1 }
    }

    /// Takes a character if it is what stands next.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    /// Takes a character that must stand next.
    mutating func expect(_ scalar: Unicode.Scalar, _ what: String) throws(Problem) {
        guard take(scalar) else { throw expected(what) }
    }

    /// Takes everything up to a special character, a space, or one of `ends`.
    mutating func bare(upTo ends: Unicode.Scalar? = nil) -> String {
        let start = position
        while let scalar = next, scalar != ends, Self.isPlain(scalar) { position += 1 }
        return String(String.UnicodeScalarView(text[start..<position]))
    }

    /// Takes a text in quotes, if one begins here: `\` stands before a quote or a `\` that is meant.
    mutating func quoted() throws(Problem) -> String? {
        guard let quote = next, quote == "\"" || quote == "'" else { return nil }
        let start = position
        position += 1
        var content = String.UnicodeScalarView()
        while let scalar = next, scalar != quote {
            position += 1
            guard scalar == "\\" else {
                content.append(scalar)
                continue
            }
            guard let escaped = next, escaped == quote || escaped == "\\" else {
                throw expected("a quote or a \\ after \\")
            }
            content.append(escaped)
            position += 1
        }
        guard take(quote) else { throw parameter.invalid(at: start, "the quote that begins here is not closed") }
        return String(content)
    }

    /// What is wrong here.
    func expected(_ what: String) -> Problem {
        let found = next.map { "'\(Problem.shown(String($0)))'" } ?? "the end"
        return parameter.invalid(at: position, "expected \(what), found \(found)")
    }

    /// Takes a part that ends where one of these stands, or the text does: `\` stands before one, or a `\`, that is meant.
    mutating func escaped(upTo ends: Set<Unicode.Scalar>) throws(Problem) -> String {
        var content = String.UnicodeScalarView()
        while let scalar = next, !ends.contains(scalar) {
            position += 1
            guard scalar == "\\" else {
                content.append(scalar)
                continue
            }
            guard let escaped = next, escaped == "\\" || ends.contains(escaped) else {
                throw expected("a \\, or what has a meaning here, after \\")
            }
            content.append(escaped)
            position += 1
        }
        return String(content)
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && scalar.value != 0x7F && !special.contains(scalar)
    }
}

extension FilterScanner {
    /// Takes a name: bare characters up to `end`, or a text in quotes.
    mutating func name(upTo end: Unicode.Scalar?) throws(Problem) -> String {
        if let name = try quoted() { return name }
        let name = bare(upTo: end)
        guard !name.isEmpty else { throw expected("a name; one that is empty or has special characters is quoted") }
        return name
    }

    /// Takes the path behind `value`: names, each behind a dot.
    mutating func path(_ limits: Limits) throws(Problem) -> JSONPointer {
        var names: [String] = []
        while take(".") {
            guard names.count < limits.pathDepthMax else {
                throw parameter.limit("pathDepthMax", limits.pathDepthMax, "names in a path", at: position)
            }
            names.append(try name(upTo: "."))
        }
        return JSONPointer(names: names)
    }

    /// A query parameter whose text is scanned.
    enum Parameter: String {
        case filter
        case labelSelector
        case fieldSelector

        /// What is wrong at a place.
        func invalid(at position: Int, _ reason: String) -> Problem {
            switch self {
            case .filter: .invalidFilter(at: position, reason)
            case .labelSelector, .fieldSelector: .invalidSelector(rawValue, at: position, reason)
            }
        }

        /// What there is too much of.
        func limit(_ name: String, _ max: Int, _ what: String, at position: Int?) -> Problem {
            switch self {
            case .filter: .filterLimit(name, max, what, at: position)
            case .labelSelector, .fieldSelector: .selectorLimit(self, name, max, what, at: position)
            }
        }
    }
}
