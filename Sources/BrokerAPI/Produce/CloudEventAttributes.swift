import RecordFormat

/// The attributes of one CloudEvent (CloudEvents 1.0.2), checked, and as the headers of its record.
///
/// A record holds an event as the Kafka binding's binary mode does, so that the tools for Kafka read it: each attribute
/// is a header `ce_<name>`, `datacontenttype` is the header `content-type`, and `partitionkey` is the key.
struct CloudEventAttributes {
    /// The record's headers.
    private(set) var headers = HeaderList()
    /// The event's `partitionkey`.
    private(set) var key: String?
    /// The media type of the event's data.
    private(set) var contentType: String?
    private var names: Set<String> = []

    /// The attributes without which there is no event.
    private static let required = ["specversion", "id", "source", "type"]

    /// The attributes that are text and nothing else: those of the specification, and of the partitioning extension.
    static let texts: Set<String> = [
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "partitionkey",
    ]

    /// Whether the data is JSON: it is, too, where nothing is said of it and it comes as a JSON value.
    var isJSON: Bool { contentType.map(Self.isJSON) ?? true }

    /// Whether a media type says JSON: `application/json`, `text/json`, anything that ends with `+json`.
    static func isJSON(_ mediaType: String) -> Bool {
        let type = mediaType.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        return type.hasSuffix("/json") || type.hasSuffix("+json")
    }

    /// Forgets the last event.
    mutating func reset() {
        self = CloudEventAttributes()
    }

    /// Takes an attribute.
    mutating func take(
        _ name: String,
        _ value: String,
        _ place: RecordPlace,
        byteOffset: Int? = nil
    ) throws(Problem) {
        func invalid(_ reason: String) -> Problem { place.invalid(reason, byteOffset: byteOffset) }
        let isName = !name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        guard isName else {
            throw invalid("\"\(Problem.shown(name))\" is no attribute of a CloudEvent: lower-case letters and digits")
        }
        guard names.insert(name).inserted else { throw invalid("the attribute \(name) is given twice") }
        switch name {
        case "specversion" where value != "1.0":
            throw invalid("specversion is 1.0, not \"\(Problem.shown(value))\"")
        case "id" where value.isEmpty, "source" where value.isEmpty, "type" where value.isEmpty,
            "subject" where value.isEmpty:
            throw invalid("the attribute \(name) is empty")
        case "time" where !Self.isTime(value):
            throw invalid("time is RFC 3339 such as 2026-11-21T10:00:00Z")
        case "datacontenttype":
            contentType = value
            headers.append(name: "content-type", value: value)
        case "partitionkey": key = value
        default: headers.append(name: "ce_" + name, value: value)
        }
    }

    /// Refuses what is no event.
    func check(_ place: RecordPlace) throws(Problem) {
        let missing = Self.required.filter { !names.contains($0) }
        guard missing.isEmpty else {
            throw place.invalid("a CloudEvent needs the attributes \(missing.joined(separator: ", "))")
        }
    }

    private static func isTime(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { Timestamp(rfc3339Bytes: UnsafeRawBufferPointer($0)) != nil }
    }
}
