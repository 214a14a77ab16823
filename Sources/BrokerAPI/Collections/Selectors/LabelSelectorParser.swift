import RecordFormat

/// Reads the text of a label selector, as Kubernetes has them.
///
///     selector = [term *("," term)]                        nothing selects everything
///     term     = label | "!" label                          it is there, or is not
///              | label ("=" | "==" | "!=") [value]          equals, differs; no value is the empty one
///              | label ("in" | "notin") "(" [value] *("," [value]) ")"
///
/// Names and values that have other characters than Kubernetes lets them have can stand in quotes.
struct LabelSelectorParser {
    private var scanner: FilterScanner
    private let limits: Limits

    /// Reads a whole selector.
    static func parse(_ text: String, limits: Limits) throws(Problem) -> [LabelTerm] {
        try FilterScanner.Parameter.labelSelector.check(length: text, limits)
        var parser = LabelSelectorParser(scanner: FilterScanner(text, of: .labelSelector), limits: limits)
        return try parser.terms()
    }

    private mutating func terms() throws(Problem) -> [LabelTerm] {
        var terms: [LabelTerm] = []
        scanner.skipSpaces()
        guard scanner.next != nil else { return [] }
        repeat {
            scanner.skipSpaces()
            try scanner.check(termsBefore: terms.count, limits)
            terms.append(try term())
            scanner.skipSpaces()
        } while scanner.take(",")
        guard scanner.next == nil else { throw scanner.expected("',' or the end after a term") }
        return terms
    }

    private mutating func term() throws(Problem) -> LabelTerm {
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
        default:
            let (values, isNegated) = try membership()
            return LabelTerm(label: label, .isOne(values), isNegated: isNegated)
        }
    }

    private mutating func membership() throws(Problem) -> (values: [[UInt8]], isNegated: Bool) {
        let unknown = scanner.expected("=, ==, !=, in, notin, or ',' after a label")
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
        if let quoted = try scanner.quoted() { return quoted }
        let label = scanner.bare()
        guard !label.isEmpty else { throw scanner.expected("the name of a label") }
        return label
    }

    private mutating func value() throws(Problem) -> [UInt8] {
        scanner.skipSpaces()
        if let quoted = try scanner.quoted() { return Array(quoted.utf8) }
        return Array(scanner.bare().utf8)
    }
}

extension FilterScanner.Parameter {
    /// Refuses a selector that is too long.
    func check(length text: String, _ limits: Limits) throws(Problem) {
        guard text.utf8.count > limits.selectorBytesMax.value else { return }
        throw limit("selectorBytesMax", limits.selectorBytesMax.value, "bytes", at: nil)
    }
}

extension FilterScanner {
    /// Refuses one term more than a selector may have.
    func check(termsBefore count: Int, _ limits: Limits) throws(Problem) {
        guard count >= limits.selectorTermsMax else { return }
        throw parameter.limit("selectorTermsMax", limits.selectorTermsMax, "terms", at: position)
    }

    /// Takes `=`, `==` or `!=`; answers whether it is the last.
    mutating func comparison() throws(Problem) -> Bool {
        let isNegated = take("!")
        try expect("=", isNegated ? "'=' after '!'" : "=, == or !=")
        if !isNegated { _ = take("=") }
        return isNegated
    }
}
