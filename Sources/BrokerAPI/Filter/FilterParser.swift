import JSONBytes
import RecordFormat

/// Reads the text of a filter.
///
///     filter  = term *("," term)
///     term    = field | "!" field                          it is there, or is not
///             | field ("=" | "==" | "!=" | "^=") literal    equals, differs, begins with
///             | field ("in" | "notin") "(" literal *("," literal) ")"
///     field   = "key" | "headers." name | "value" *("." name)
///     name, literal = bare characters, or a text in quotes
///
/// The form is that of Kubernetes' label selectors; spaces may stand between the parts.
struct FilterParser {
    private var scanner: FilterScanner
    private let limits: Limits

    /// Reads a whole filter.
    static func parse(_ text: String, limits: Limits) throws(Problem) -> RecordFilter {
        guard text.utf8.count <= limits.filterBytesMax.value else {
            throw Problem.filterLimit("filterBytesMax", limits.filterBytesMax.value, "bytes", at: nil)
        }
        var parser = FilterParser(scanner: FilterScanner(text), limits: limits)
        return RecordFilter(try parser.terms(), jsonDepthMax: limits.jsonDepthMax)
    }

    private mutating func terms() throws(Problem) -> [FilterTerm] {
        var terms: [FilterTerm] = []
        repeat {
            scanner.skipSpaces()
            guard terms.count < limits.filterTermsMax else {
                throw Problem.filterLimit("filterTermsMax", limits.filterTermsMax, "terms", at: scanner.position)
            }
            terms.append(try term())
            scanner.skipSpaces()
        } while scanner.take(",")
        guard scanner.next == nil else { throw scanner.expected("',' or the end after a term") }
        return terms
    }

    private mutating func term() throws(Problem) -> FilterTerm {
        if scanner.take("!") {
            scanner.skipSpaces()
            return FilterTerm(field: try field(), condition: .isThere, isNegated: true)
        }
        let field = try field()
        scanner.skipSpaces()
        switch scanner.next {
        case nil, ",": return FilterTerm(field: field, condition: .isThere, isNegated: false)
        case "=", "!", "^":
            let (condition, isNegated) = try comparison()
            return FilterTerm(field: field, condition: condition, isNegated: isNegated)
        default:
            let (condition, isNegated) = try membership()
            return FilterTerm(field: field, condition: condition, isNegated: isNegated)
        }
    }

    private mutating func comparison() throws(Problem) -> (FilterTerm.Condition, isNegated: Bool) {
        if scanner.take("!") {
            try scanner.expect("=", "'=' after '!'")
            return (.isOne([try literal()]), true)
        }
        if scanner.take("^") {
            try scanner.expect("=", "'=' after '^'")
            return (.begins(try literal()), false)
        }
        try scanner.expect("=", "'='")
        _ = scanner.take("=")
        return (.isOne([try literal()]), false)
    }

    private mutating func membership() throws(Problem) -> (FilterTerm.Condition, isNegated: Bool) {
        let unknown = scanner.expected("=, !=, ^=, in, notin, or ',' after a field")
        let word = scanner.bare()
        guard word == "in" || word == "notin" else { throw unknown }
        scanner.skipSpaces()
        try scanner.expect("(", "'(' after \(word)")
        var literals: [FilterLiteral] = []
        repeat {
            guard literals.count < limits.filterSetElementsMax else {
                let max = limits.filterSetElementsMax
                throw Problem.filterLimit("filterSetElementsMax", max, "elements in a set", at: scanner.position)
            }
            literals.append(try literal())
            scanner.skipSpaces()
        } while scanner.take(",")
        try scanner.expect(")", "',' or ')' after an element")
        return (.isOne(literals), word == "notin")
    }

    private mutating func literal() throws(Problem) -> FilterLiteral {
        scanner.skipSpaces()
        if let text = try scanner.quoted() { return FilterLiteral(text, isQuoted: true) }
        let text = scanner.bare()
        guard !text.isEmpty else {
            throw scanner.expected("a value; an empty one, or one with special characters, is quoted")
        }
        return FilterLiteral(text, isQuoted: false)
    }

    private mutating func field() throws(Problem) -> FilterTerm.Field {
        let unknown = scanner.expected("a field: key, headers.<name> or value.<path>")
        switch scanner.bare(upTo: ".") {
        case "key": return .key
        case "headers":
            try scanner.expect(".", "'.' and a name after headers")
            // A header's name is one, whatever dots are in it.
            return .header(Array(try scanner.name(upTo: nil).utf8))
        case "value": return .value(try scanner.path(limits))
        default: throw unknown
        }
    }
}
