public import HTTPTypes
public import NIOCore

/// A request as a transport hands it over: head and whole body, nothing decoded.
public struct APIRequest: Sendable {
    /// The method.
    public var method: HTTPRequest.Method
    /// The path and query as they were sent, percent-encoding included.
    public var target: String
    /// The host, and perhaps port, that the client asked, where the transport tells it.
    public var authority: String?
    /// The header fields.
    public var headers: HTTPFields
    /// The whole body, already bounded by the route's limit; empty where it is taken while it comes.
    public var body: ByteBuffer
    /// What bounds the bytes of bodies that are taken while they come; nil leaves them to their streams' own bounds.
    public var room: (any BodyRoom)?

    /// Creates a request.
    public init(
        method: HTTPRequest.Method,
        target: String,
        authority: String? = nil,
        headers: HTTPFields = [:],
        body: ByteBuffer = ByteBuffer(),
        room: (any BodyRoom)? = nil
    ) {
        self.method = method
        self.target = target
        self.authority = authority
        self.headers = headers
        self.body = body
        self.room = room
    }
}
