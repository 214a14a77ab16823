import NIOCore

/// Where the HTTP surface listens, and the bounds of its connections.
public struct HTTPSurfaceConfiguration: Sendable {
    /// The address or name to listen on.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: Int
    /// Connections that are kept open; further ones wait to be accepted.
    public var connectionsMax: Int = 16_384
    /// Connections that wait to be accepted.
    public var backlog: Int = 1024
    /// The bytes of one request's header block, and of any one field of it.
    public var headBytesMax: Int = 32 << 10
    /// The fields of one request's header block.
    public var headFieldsMax: Int = 128
    /// How long a connection may be idle, or slow in sending a request, before it is closed.
    public var idleTimeout: Duration = .seconds(75)
    /// How long sent bytes may stay unacknowledged before the peer counts as gone: TCP_USER_TIMEOUT.
    ///
    /// A stream's peer that lives and only does not read is not judged by it, but by `slowWatcherMax` and `stalledMemberMax`.
    public var unacknowledgedMax: Duration = .seconds(30)
    /// The bytes that a socket holds beyond what its peer lets it send: TCP_NOTSENT_LOWAT.
    ///
    /// The kernel's own bound is some megabytes for each peer that does not read.
    public var unsentBytesMax: Int = 128 << 10
    /// How long a client is given to read what it was sent when its stream has ended.
    public var lingerMax: Duration = .seconds(10)
    /// The bytes of one message of a WebSocket's client, its fragments together.
    public var socketFrameBytesMax: Int = 1 << 20
    /// How long a client is given to close its side: a WebSocket's after the closing frame, any other's after its stream.
    public var socketCloseMax: Duration = .seconds(5)
    /// Bytes of bodies that all connections together hold; a body that would go beyond it is refused unread.
    public var bodyBytesInFlightMax: Int = 256 << 20
    /// How much of a refused body is read and thrown away, so that the client gets to see the refusal.
    public var discardBytesMax: Int = 64 << 20
    /// How requests get from a connection to the API.
    public var transport = HTTPTransport.direct
    /// How long requests in progress are given to end at shutdown before they are cancelled.
    public var drainMax: Duration = .seconds(10)

    /// Creates a configuration with the defaults for everything else.
    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }
}
