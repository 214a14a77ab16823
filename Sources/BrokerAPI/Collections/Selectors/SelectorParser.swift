import RecordFormat

/// What the parsers of both selectors have in common: terms, joined with commas, each once.
protocol SelectorParser {
    /// What one of them reads.
    associatedtype Term

    var scanner: FilterScanner { get set }
    var limits: Limits { get }
    /// What may stand behind a term, for people.
    static var afterTerm: String { get }

    /// Reads the next term.
    mutating func term() throws(Problem) -> Term
}

extension SelectorParser {
    /// Reads everything; nothing selects everything.
    mutating func terms() throws(Problem) -> [Term] {
        var terms: [Term] = []
        scanner.skipSpaces()
        guard scanner.next != nil else { return [] }
        repeat {
            scanner.skipSpaces()
            try scanner.check(termsBefore: terms.count, limits)
            terms.append(try term())
            scanner.skipSpaces()
        } while scanner.take(",")
        guard scanner.next == nil else { throw scanner.expected(Self.afterTerm) }
        return terms
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
    fileprivate func check(termsBefore count: Int, _ limits: Limits) throws(Problem) {
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
