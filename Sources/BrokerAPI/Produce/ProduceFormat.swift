import HTTPTypes
import JSONBytes

/// What a produce request's body is.
enum ProduceFormat: Sendable {
    /// `{"records":[...]}`.
    case json
    /// A record or a value a line.
    case ndjson(NDJSONRecordsBody.Lines)
    /// CloudEvents as JSON.
    case cloudEvents(CloudEventsBody.Shape)
    /// A CloudEvent whose attributes are header fields.
    case cloudEventFields
    /// One record: the body is its value.
    case raw

    /// Tells the format by the content type and the query, and refuses what is not available.
    init(_ context: RequestContext) throws(Problem) {
        let type = context.contentType
        switch type {
        case "application/cloudevents+json": self = .cloudEvents(.event)
        case "application/cloudevents-batch+json": self = .cloudEvents(.batch)
        case let type? where type.hasPrefix("application/cloudevents"):
            throw Self.unsupported("CloudEvents come as application/cloudevents+json or -batch+json, or in binary mode")
        case _ where Self.isEvent(context.request.headers): self = .cloudEventFields
        case "application/json": self = .json
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
            self = .ndjson(try Self.lines(context.query))
        case "application/x-www-form-urlencoded":
            // What `curl -d` sends when it is not told otherwise: never meant as a record.
            throw Self.unsupported("a form is no record; name the body's type, such as Content-Type: application/json")
        default: self = .raw
        }
        if case .ndjson = self { return }
        if context.query["as"] != nil || context.query["key"] != nil {
            throw Problem.invalidRequest("as= and key= go with Content-Type application/x-ndjson")
        }
    }

    /// Whether header fields are those of a CloudEvent: any required one, so that an event without the others is refused and
    /// not stored without its attributes.
    private static func isEvent(_ fields: HTTPFields) -> Bool {
        let required = ["ce-specversion", "ce-id", "ce-source", "ce-type"]
        return fields.contains { field in
            let name = field.name.canonicalName
            return name.utf8.starts(with: "ce-".utf8) && required.contains(name)
        }
    }

    /// The key that a field gives a record whose body is its value.
    ///
    /// - Throws: for one that is not UTF-8, which would be stored as another key, and for two.
    static func recordKey(_ fields: HTTPFields) throws(Problem) -> String? {
        let keys = fields[values: .recordKey]
        guard keys.count <= 1 else { throw Problem.invalidRequest("the field Record-Key is given twice") }
        guard keys.first?.unicodeScalars.contains("\u{FFFD}") != true else {
            throw Problem.invalidRequest(
                "the field Record-Key is not UTF-8; send such a key as keyBase64 in a JSON body"
            )
        }
        return keys.first
    }

    /// What stands on each line of NDJSON.
    static func lines(_ query: QueryParameters) throws(Problem) -> NDJSONRecordsBody.Lines {
        switch query["as"] {
        case nil, "records":
            if query["key"] != nil { throw Problem.invalidRequest("key= goes with as=values") }
            return .records
        case "values": return .values(key: try pointer(query["key"]))
        case .some(let text):
            throw Problem.invalidRequest("as is records or values, not \"\(Problem.shown(text))\"")
        }
    }

    private static func pointer(_ text: String?) throws(Problem) -> JSONPointer? {
        guard let text else { return nil }
        do throws(JSONPointerError) {
            return try JSONPointer(text)
        } catch {
            throw Problem.invalidRequest("key is not a JSON pointer such as /user/id: \(error.description)")
        }
    }

    private static func unsupported(_ detail: String) -> Problem {
        Problem(.unsupportedMediaType, detail)
    }
}
