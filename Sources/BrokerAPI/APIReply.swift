public import HTTPTypes
public import NIOCore

/// An answer for a transport to send.
public struct APIReply: Sendable {
    /// The status.
    public var status: HTTPResponse.Status
    /// The header fields; the transport adds the length or chunking, date and server.
    public var headers: HTTPFields
    /// The body.
    public var body: APIBody
    /// What takes the request's body while the answer streams; nil where the request was whole.
    public var sink: (any APIBodySink)?

    /// Creates an answer.
    public init(
        status: HTTPResponse.Status,
        headers: HTTPFields = [:],
        body: APIBody = .bytes(ByteBuffer()),
        sink: (any APIBodySink)? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.sink = sink
    }
}

/// The body of an answer: whole, or a stream of pieces.
public enum APIBody: Sendable {
    /// All of it.
    case bytes(ByteBuffer)
    /// Pieces that come when there is something to say.
    case stream(any APIStream)
}

/// A body that is made while it is sent.
///
/// One task at a time drives it. The transport asks for the next piece when it has written the last one: that is the
/// backpressure.
public protocol APIStream: Sendable {
    /// The next piece, of mostly 16 to 64 KiB; nil is the end.
    ///
    /// Heartbeats, bookmarks and the goodbye are pieces too. When the engine drains, a goodbye comes and then nil.
    /// Cancellation of the task ends a wait within; the next call then answers nil.
    mutating func next() async -> ByteBuffer?

    /// Tells that nobody will ask for more: the stream has ended, or the client is gone. Called exactly once.
    mutating func close() async

    /// Ends the stream for what its client does, and tells what is still to be sent: a goodbye, if none was sent yet.
    ///
    /// `next` answers nil from then on.
    mutating func leave(_ reason: StreamLeave) -> ByteBuffer?

    /// Lets go of what can be had again: the client has taken nothing for a while.
    mutating func shed()

    /// How long the client may take nothing while something waits for it.
    var stallMax: Duration { get }

    /// Whether the client shows by what it sends that it lives, though it takes nothing.
    var isHeard: Bool { get }

    /// The status of what ended the stream, if it did not end well.
    var failure: HTTPResponse.Status? { get }

    /// Takes what the client says while the stream runs; may be used beside `next`, by another task.
    var commands: any ClientCommands { get }
}

extension APIStream {
    /// A client that has sent its request says nothing more.
    public var isHeard: Bool { false }
}

/// What a client does that ends its stream.
public enum StreamLeave: String, Sendable {
    /// It takes nothing of what is sent.
    case slow
    /// It has closed its sending half, and may read on.
    case halfClosed = "half-closed"
}
