/// How an answer's events are written.
///
/// It never changes what they mean.
enum Framing: String, Hashable, Sendable, CaseIterable {
    /// One JSON document: a page.
    case json
    /// One JSON object a line.
    case ndjson
    /// Server-sent events (WHATWG HTML, 9.2).
    case sse

    /// The content type of an answer.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .sse: "text/event-stream"
        }
    }
}
