import RecordFormat

/// Reads the text of a label selector, as Kubernetes has them.
///
///     selector = [term *("," term)]                        nothing selects everything
///     term     = label | "!" label                          it is there, or is not
///              | label ("=" | "==" | "!=") [value]          equals, differs; no value is the empty one
///              | label ("in" | "notin") "(" [value] *("," [value]) ")"
///              | label (">" | "<") number                is a whole number beyond that
///
/// Names and values that have other characters than Kubernetes lets them have can stand in quotes.
struct LabelSelectorParser: SelectorParser {
    static let afterTerm = "',' or the end after a term"
    var scanner: FilterScanner
    let limits: Limits

    /// Reads a whole selector.
    static func parse(_ text: String, limits: Limits) throws(Problem) -> [LabelTerm] {
        try FilterScanner.Parameter.labelSelector.check(length: text, limits)
        var parser = LabelSelectorParser(scanner: FilterScanner(text, of: .labelSelector), limits: limits)
        return try parser.terms()
    }

    mutating func term() throws(Problem) -> LabelTerm {
        if scanner.take("!") {
            scanner.skipSpaces()
            return LabelTerm(label: try label(), .isThere, isNegated: true)
        }
        let label = try label()
        scanner.skipSpaces()
        switch scanner.next {
        case nil, ",": return LabelTerm(label: label, .isThere, isNegated: false)
        case "=", "!":
            let isNegated = try scanner.comparison()
            return LabelTerm(label: label, .isOne([try value()]), isNegated: isNegated)
        case ">", "<": return LabelTerm(label: label, try bound(), isNegated: false)
        default:
            let (values, isNegated) = try membership()
            return LabelTerm(label: label, .isOne(values), isNegated: isNegated)
        }
    }

    /// What is beyond a number: Kubernetes has whole ones of 64 bits.
    private mutating func bound() throws(Problem) -> LabelTerm.Condition {
        let isAbove = scanner.take(">")
        if !isAbove { try scanner.expect("<", "> or <") }
        scanner.skipSpaces()
        let unknown = scanner.expected("a whole number after \(isAbove ? ">" : "<")")
        guard let bound = Int64(String(decoding: try value(), as: UTF8.self)) else { throw unknown }
        return isAbove ? .isAbove(bound) : .isBelow(bound)
    }

    private mutating func membership() throws(Problem) -> (values: [[UInt8]], isNegated: Bool) {
        let unknown = scanner.expected("=, ==, !=, >, <, in, notin, or ',' after a label")
        let word = scanner.bare()
        guard word == "in" || word == "notin" else { throw unknown }
        scanner.skipSpaces()
        try scanner.expect("(", "'(' after \(word)")
        var values: [[UInt8]] = []
        repeat {
            guard values.count < limits.selectorSetElementsMax else {
                let max = limits.selectorSetElementsMax
                throw scanner.parameter.limit("selectorSetElementsMax", max, "elements in a set", at: scanner.position)
            }
            values.append(try value())
            scanner.skipSpaces()
        } while scanner.take(",")
        try scanner.expect(")", "',' or ')' after a value")
        return (values, word == "notin")
    }

    private mutating func label() throws(Problem) -> String {
        let unknown = scanner.expected("the name of a label")
        let label = try scanner.quoted() ?? scanner.bare()
        guard !label.isEmpty else { throw unknown }
        return label
    }

    private mutating func value() throws(Problem) -> [UInt8] {
        scanner.skipSpaces()
        if let quoted = try scanner.quoted() { return Array(quoted.utf8) }
        return Array(scanner.bare().utf8)
    }
}
