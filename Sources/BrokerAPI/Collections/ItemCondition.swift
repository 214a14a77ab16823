import BrokerCore
import HTTPTypes

/// What must be true of an item for a request to be carried out (RFC 9110, 13.1): `If-Match`, `If-None-Match`.
struct ItemCondition {
    private let matching: [String]?
    private let notMatching: [String]?

    /// Reads the header fields of a request.
    init(_ headers: HTTPFields) throws(Problem) {
        matching = try Self.tags(headers, .ifMatch)
        notMatching = try Self.tags(headers, .ifNoneMatch)
    }

    /// Refuses a request whose condition the item does not meet.
    ///
    /// - Parameter version: the item's version; nil when there is no such item.
    /// - Parameter named: a version that the body names besides.
    func check(_ version: String?, named: String? = nil) throws(Problem) {
        if let matching, !Self.holds(matching, version) { throw Self.conflict(version, "If-Match") }
        if let notMatching, Self.holds(notMatching, version) { throw Self.conflict(version, "If-None-Match") }
        if let named, named != version { throw Self.conflict(version, "metadata.resourceVersion") }
    }

    private static func holds(_ tags: [String], _ version: String?) -> Bool {
        guard let version else { return false }
        return tags.contains("*") || tags.contains(version)
    }

    private static func conflict(_ version: String?, _ condition: String) -> Problem {
        Problem(
            .versionConflict,
            version.map { "the item has the version \($0), which \(condition) does not want" }
                ?? "there is no such item, and \(condition) wants one",
            members: [Problem.Member("resourceVersion", version.map { .string($0) } ?? .null)]
        )
    }

    /// The tags of a field: quoted versions or `*`, joined with commas; nil when the field is not there.
    private static func tags(_ headers: HTTPFields, _ name: HTTPField.Name) throws(Problem) -> [String]? {
        guard let field = headers[name] else { return nil }
        var tags: [String] = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let tag = part.filter { $0 != " " && $0 != "\t" }
            let isQuoted = tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
            guard isQuoted || tag == "*" else {
                throw Problem.invalidRequest(
                    "\(name.rawName) is a version in double quotes, as ETag gives it, or *, not \(Problem.shown(field))"
                )
            }
            tags.append(isQuoted ? String(tag.dropFirst().dropLast()) : tag)
        }
        return tags
    }
}
