import NIOCore
import NIOHTTP1

/// Makes the heads of an answer and of its request fit each other.
///
/// - A client of HTTP/1.0 is answered as such, so that nothing is chunked; its connection is closed after the answer unless it
///   asks for another end and the length is known (RFC 9112, 9.3). It need not name a host, and waits for no `100 Continue`.
/// - What an answer to HEAD would have as its body is not told by a length that is not known, nor by a last chunk.
/// - Whatever answers, also from below the API, has the common fields.
///
/// Answers come in the order of their requests. A connection's last request is the last that is kept in mind.
final class ExchangeHeads: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What of a request its answer depends on.
    private struct Asked {
        var isOld = false
        var isHead = false
        var closes = false
        var origin: String?
    }

    private let fields: CommonFields
    private var date = WrittenDate()
    /// The requests that are not answered yet, the oldest first.
    private var asked = CircularBuffer<Asked>()
    /// Whether nothing that still comes will be answered.
    private var hasLast = false
    private var omitsEnd = false
    /// Whether the body of the answer whose head went out last is sent in chunks.
    private(set) var isChunking = false

    init(_ fields: CommonFields) {
        self.fields = fields
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let wishes = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        var request = Asked(isOld: (head.version.major, head.version.minor) < (1, 1), isHead: head.method == .HEAD)
        request.closes = wishes.contains("close") || (request.isOld && !wishes.contains("keep-alive"))
        request.origin = head.headers.first(name: "origin")
        if request.closes { head.headers.replaceOrAdd(name: "connection", value: "close") }
        if request.isOld {
            head.headers.remove(name: "expect")
            if !head.headers.contains(name: "host") { head.headers.add(name: "host", value: "") }
        }
        if !hasLast { asked.append(request) }
        hasLast = hasLast || request.closes
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            complete(&head, for: asked.first ?? Asked())
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            if !asked.isEmpty { asked.removeFirst() }
            guard omitsEnd else { return context.write(data, promise: promise) }
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))), promise: promise)
        default: context.write(data, promise: promise)
        }
    }

    private func complete(_ head: inout HTTPResponseHead, for request: Asked) {
        fields.add(to: &head.headers, origin: request.origin, &date)
        if request.closes { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        let closes = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
        hasLast = hasLast || closes
        if request.isOld {
            head.version = .http1_0
            if !closes { head.headers.replaceOrAdd(name: "Connection", value: "keep-alive") }
        }
        let hasLength = head.headers.contains(name: "content-length")
        isChunking = !request.isOld && !hasLength
        omitsEnd = request.isHead && !hasLength
    }
}
