import HTTPTypes

/// The form in which a client wants objects.
enum KubernetesForm: Hashable, Sendable {
    /// How much of an object a table's row brings along.
    enum RowObject: String, Sendable {
        case none = "None"
        case metadata = "Metadata"
        case object = "Object"
    }

    /// As they are.
    case objects
    /// As a table for people, which a client only lays out: what `kubectl get` asks for.
    case table(RowObject)
    /// Without their values.
    case metadata

    /// What a request accepts: the first of its media types that there is.
    init(_ context: RequestContext) throws {
        let entries = context.request.headers[values: .accept].flatMap { $0.split(separator: ",") }
        guard !entries.isEmpty else {
            self = .objects
            return
        }
        for entry in entries {
            if let form = try Self.form(MediaRange(entry), context.query) {
                self = form
                return
            }
        }
        throw KubernetesStatus.notAcceptable(["application/json"])
    }

    private static func form(_ range: MediaRange, _ query: QueryParameters) throws -> KubernetesForm? {
        guard ["application/json", "application/*", "*/*"].contains(range.type) else { return nil }
        guard let form = range.parameters["as"] else { return .objects }
        guard range.parameters["g"] == "meta.k8s.io", range.parameters["v"] == "v1" else { return nil }
        switch form {
        case "table": return .table(try rowObject(query))
        case "partialobjectmetadata", "partialobjectmetadatalist": return .metadata
        default: return nil
        }
    }

    private static func rowObject(_ query: QueryParameters) throws -> RowObject {
        guard let text = query["includeObject"], !text.isEmpty else { return .metadata }
        guard let row = RowObject(rawValue: text) else {
            throw KubernetesStatus.badRequest(
                "includeObject is None, Metadata or Object, not \"\(Problem.shown(text))\""
            )
        }
        return row
    }
}

/// One of the media types of an Accept field, with its parameters; all in lower case.
struct MediaRange: Sendable {
    let type: String
    let parameters: [String: String]

    /// Reads what stands between two commas.
    init(_ entry: Substring) {
        let parts = entry.split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }.lowercased()
        }
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { parameters[String(pair[0])] = String(pair[1]) }
        }
        type = parts.first ?? ""
        self.parameters = parameters
    }
}
