import HTTPTypes
import NIOCore

/// A request on its way through a handler: as it came, and its query decoded.
struct RequestContext: Sendable {
    /// The request.
    let request: APIRequest
    /// The query, decoded once and checked against the route's list.
    let query: QueryParameters
    /// Whether the answer goes over a connection that both sides speak on.
    let isSocket: Bool

    /// The media type of the body in lower case, without parameters; nil when the client did not say.
    var contentType: String? {
        guard let field = request.headers[.contentType] else { return nil }
        let type = field.utf8.prefix { $0 != UInt8(ascii: ";") }
        // As nearly all send it.
        if type.allSatisfy({ 0x21...0x40 ~= $0 || 0x5B...0x7E ~= $0 }) { return String(Substring(type)) }
        return Substring(type).filter { $0 != " " && $0 != "\t" }.lowercased()
    }
}

extension HTTPField.Name {
    /// The key of a record whose body is its value.
    static let recordKey = known("Record-Key")
    /// Who sends a produce request that is to be stored once.
    static let producerID = known("Producer-Id")
    /// The producer's epoch; also, in a refusal, the one that is in force.
    static let producerEpoch = known("Producer-Epoch")
    /// The number of the request among the producer's on this topic.
    static let producerSeq = known("Producer-Seq")
    /// The sequence that would have been the next one.
    static let producerExpectedSeq = known("Producer-Expected-Seq")
    /// The sequence that was sent instead.
    static let producerReceivedSeq = known("Producer-Received-Seq")
    /// What is doubtful about a request that was carried out.
    static let warning = known("Warning")
    /// Where an event source was when it lost its connection.
    static let lastEventID = known("Last-Event-ID")
    /// What every CloudEvent in binary mode carries.
    static let ceSpecVersion = known("ce-specversion")
    /// The trace that a request belongs to (W3C Trace Context).
    static let traceparent = known("traceparent")
    /// What the tracing systems on the way have to say of it.
    static let tracestate = known("tracestate")
    /// The id of the member that a group stream is.
    static let groupMember = known("Group-Member")
    /// The epoch of the group when the stream began.
    static let groupEpoch = known("Group-Epoch")
    /// The token with which commits name the member.
    static let groupSession = known("Group-Session")
    /// The version of WebSocket that a server speaks (RFC 6455, 11.3.5).
    static let secWebSocketVersion = known("Sec-WebSocket-Version")
    /// Tells a proxy in front not to buffer.
    static let accelBuffering = known("X-Accel-Buffering")

    /// A field name of this file; a wrong one is our own misuse.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("not a field name: \(name)") }
        return field
    }
}
