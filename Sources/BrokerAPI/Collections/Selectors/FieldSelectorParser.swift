import RecordFormat

/// Reads the text of a field selector: the form is Kubernetes', the fields are our own.
///
///     selector = [term *("," term)]                        nothing selects everything
///     term     = field ("=" | "==" | "!=") [value]
///     field    = "metadata.name" | "value" *("." name)
///
/// A value reaches to the next comma, its spaces too; `\` stands before a `,`, `=` or `\` that is meant. A text in quotes is
/// that text alone, where a bare `12` is also the number. Names with special characters stand in quotes.
struct FieldSelectorParser: SelectorParser {
    static let afterTerm = "',' or the end after a value; \\= is a = within it"
    var scanner: FilterScanner
    let limits: Limits
    private let constants: [String: String]

    /// Reads a whole selector.
    ///
    /// - Parameter constants: fields that are the same for all items, and their values.
    static func parse(
        _ text: String,
        constants: [String: String] = [:],
        limits: Limits
    ) throws(Problem) -> [FieldTerm] {
        try FilterScanner.Parameter.fieldSelector.check(length: text, limits)
        var parser = FieldSelectorParser(text, constants, limits)
        return try parser.terms()
    }

    private init(_ text: String, _ constants: [String: String], _ limits: Limits) {
        scanner = FilterScanner(text, of: .fieldSelector)
        self.constants = constants
        self.limits = limits
    }

    mutating func term() throws(Problem) -> FieldTerm {
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
