/// What is wrong with `filter=`, `fields=` and selectors, and where: places count characters of the decoded parameter, from 0.
extension Problem {
    /// A filter that is none.
    static func invalidFilter(at position: Int, _ reason: String) -> Problem {
        Problem(.invalidFilter, "filter, character \(position): \(reason)", members: [Self.position(position)])
    }

    /// A filter that is larger than it may be.
    static func filterLimit(_ name: String, _ max: Int, _ what: String, at position: Int?) -> Problem {
        Problem(
            .filterTooLarge,
            "filter: more than \(max) \(what) (\(name))",
            members: [Member("limit", .string(name)), Member("max", .integer(Int64(max)))] + place(position)
        )
    }

    /// A list of fields that is none.
    static func invalidFields(at position: Int, _ reason: String) -> Problem {
        Problem(.invalidFields, "fields, character \(position): \(reason)", members: [Self.position(position)])
    }

    /// A list of fields that is larger than it may be.
    static func fieldsLimit(_ name: String, _ max: Int, _ what: String, at position: Int?) -> Problem {
        Problem(
            .fieldsTooLarge,
            "fields: more than \(max) \(what) (\(name))",
            members: [Member("limit", .string(name)), Member("max", .integer(Int64(max)))] + place(position)
        )
    }

    /// A selector that is none.
    static func invalidSelector(_ name: String, at position: Int, _ reason: String) -> Problem {
        Problem(.invalidSelector, "\(name), character \(position): \(reason)", members: [Self.position(position)])
    }

    /// A selector that is larger than it may be.
    static func selectorLimit(
        _ parameter: FilterScanner.Parameter,
        _ name: String,
        _ max: Int,
        _ what: String,
        at position: Int?
    ) -> Problem {
        Problem(
            .selectorTooLarge,
            "\(parameter.rawValue): more than \(max) \(what) (\(name))",
            members: [Member("limit", .string(name)), Member("max", .integer(Int64(max)))] + place(position)
        )
    }

    private static func position(_ position: Int) -> Member { Member("position", .integer(Int64(position))) }

    private static func place(_ position: Int?) -> [Member] { position.map { [Self.position($0)] } ?? [] }
}
