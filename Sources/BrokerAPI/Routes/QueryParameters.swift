/// The query of a request, decoded once, with every name known to the route and given at most once.
struct QueryParameters: Sendable {
    /// In the order in which they were given; they are few.
    private var values: [(name: String, text: String)] = []
    private var isOfKubernetes = false

    /// Decodes a raw query (without `?`) and refuses what the route does not know.
    init(_ raw: Substring, known: [Route.Parameter]) throws(Problem) {
        if raw.isEmpty { return }
        for pair in raw.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentDecoding.decode(parts[0], plusIsSpace: true),
                let value = PercentDecoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else {
                throw Problem.invalidRequest("the query is not percent-encoded UTF-8 at \"\(Problem.shown(pair))\"")
            }
            guard known.contains(where: { $0.name == name }) else {
                throw Problem.unknownName(name, what: "query parameter", known: known.map(\.name))
            }
            guard self[name] == nil else { throw Problem.invalidRequest("the query parameter \(name) is given twice") }
            values.append((name, value))
        }
    }

    /// The same, with truth values as Kubernetes reads them: what is there is true, an empty text too, unless it is `0` or
    /// `false`.
    var ofKubernetes: QueryParameters {
        var query = self
        query.isOfKubernetes = true
        return query
    }

    /// The text of a parameter, if it is given.
    subscript(_ name: String) -> String? { values.first { $0.name == name }?.text }

    /// A parameter that is `true` or `false` (also `1` or `0`); nil when it is not given.
    func bool(_ name: String) throws(Problem) -> Bool? {
        if isOfKubernetes { return self[name].map { !["0", "false"].contains($0.lowercased()) } }
        switch self[name] {
        case nil: return nil
        case "true", "1": return true
        case "false", "0": return false
        case .some(let text): throw Problem.invalidRequest("\(name) is true or false, not \"\(Problem.shown(text))\"")
        }
    }

    /// A parameter that is a whole number within a range; nil when it is not given.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = self[name] else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            let bound =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw Problem.invalidRequest("\(name) is a whole number \(bound), not \"\(Problem.shown(text))\"")
        }
        return number
    }

    /// A parameter that is a length of time, in milliseconds; nil when it is not given.
    func milliseconds(_ name: String) throws(Problem) -> Int64? {
        guard let text = self[name] else { return nil }
        guard let milliseconds = DurationText.milliseconds(text) else {
            throw Problem.invalidRequest(
                "\(name) is a length of time such as 500ms, 30s, 1m, 1h or plain seconds, not \"\(Problem.shown(text))\""
            )
        }
        return milliseconds
    }
}
