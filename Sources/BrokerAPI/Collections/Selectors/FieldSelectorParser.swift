import RecordFormat

/// Reads the text of a field selector: the form is Kubernetes', the fields are our own.
///
///     selector = [term *("," term)]                        nothing selects everything
///     term     = field ("=" | "==" | "!=") [value]
///     field    = "metadata.name" | "value" *("." name)
///
/// A value reaches to the next comma, its spaces too; `\` stands before a `,`, `=` or `\` that is meant. A text in quotes is
/// that text alone, where a bare `12` is also the number. Names with special characters stand in quotes.
struct FieldSelectorParser {
    private var scanner: FilterScanner
    private let constants: [String: String]
    private let limits: Limits

    /// Reads a whole selector.
    ///
    /// - Parameter constants: fields that are the same for all items, and their values.
    static func parse(
        _ text: String,
        constants: [String: String] = [:],
        limits: Limits
    ) throws(Problem) -> [FieldTerm] {
        try FilterScanner.Parameter.fieldSelector.check(length: text, limits)
        let scanner = FilterScanner(text, of: .fieldSelector)
        var parser = FieldSelectorParser(scanner: scanner, constants: constants, limits: limits)
        return try parser.terms()
    }

    private mutating func terms() throws(Problem) -> [FieldTerm] {
        var terms: [FieldTerm] = []
        scanner.skipSpaces()
        guard scanner.next != nil else { return [] }
        repeat {
            scanner.skipSpaces()
            try scanner.check(termsBefore: terms.count, limits)
            terms.append(try term())
        } while scanner.take(",")
        guard scanner.next == nil else { throw scanner.expected("',' or the end after a value; \\= is a = within it") }
        return terms
    }

    private mutating func term() throws(Problem) -> FieldTerm {
        let field = try field()
        scanner.skipSpaces()
        let isNegated = try scanner.comparison()
        if let quoted = try scanner.quoted() {
            scanner.skipSpaces()
            return FieldTerm(field: field, literal: FilterLiteral(quoted, isQuoted: true), isNegated: isNegated)
        }
        let text = try scanner.escaped(upTo: [",", "="])
        return FieldTerm(field: field, literal: FilterLiteral(text, isQuoted: text.isEmpty), isNegated: isNegated)
    }

    private mutating func field() throws(Problem) -> FieldTerm.Field {
        let known = ["metadata.name", "value.<path>"] + constants.keys.sorted()
        let unknown = scanner.expected("a field: \(known.joined(separator: " or "))")
        let first = scanner.bare(upTo: ".")
        if first == "value" { return .value(try scanner.path(limits)) }
        let name = first + scanner.bare()
        if name == "metadata.name" { return .name }
        guard let constant = constants[name] else { throw unknown }
        return .constant(Array(constant.utf8))
    }
}
