import BrokerAPI
import NIOCore
import NIOHTTP1

/// Looks at what a connection's first request wants it to become, before NIO's upgrade does.
///
/// - Wishes for another protocol than WebSocket, such as HTTP/2 in clear text, are passed over: a server may ignore them
///   (RFC 9110, 7.8), where NIO's upgrade would close the connection without an answer. NIO's decoder reads nothing behind
///   such a request, so the connection ends with its answer.
/// - A handshake that is wrong is refused, and ends the connection. NIO's upgrade does not look at all of it.
/// - A handshake that is right ends this handler.
final class UpgradeGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let fields: CommonFields
    private var isFirst = true
    private var hasRefused = false

    init(_ fields: CommonFields) {
        self.fields = fields
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        let wishes = head.headers[canonicalForm: "upgrade"].map { $0.lowercased() }
        if wishes.contains("websocket") {
            judge(head, context)
        } else if !wishes.isEmpty {
            head.headers.remove(name: "upgrade")
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.fireChannelRead(wrapInboundOut(.head(head)))
        } else {
            context.fireChannelRead(data)
        }
        isFirst = false
    }

    private func judge(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // A later request has its place in the order of answers, and is refused there.
        guard isFirst else { return context.fireChannelRead(wrapInboundOut(.head(head))) }
        if let refusal = Handshake.refusal(of: head) {
            hasRefused = true
            let origin = head.headers.first(name: "origin")
            var date = WrittenDate()
            return refusal.sendAsLast(through: context) { fields.add(to: &$0, origin: origin, &date) }
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}

extension APIReply {
    /// Writes an answer that was made below the API, and closes the connection.
    func sendAsLast(through context: ChannelHandlerContext, completing: (inout HTTPHeaders) -> Void = { _ in }) {
        guard case .bytes(let bytes) = body else { return context.close(promise: nil) }
        var head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: status.code, reasonPhrase: status.reasonPhrase)
        )
        for field in headers { head.headers.add(name: field.name.rawName, value: field.value) }
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "Content-Length", value: "\(bytes.readableBytes)")
        completing(&head.headers)
        context.write(NIOAny(HTTPServerResponsePart.head(head)), promise: nil)
        context.write(NIOAny(HTTPServerResponsePart.body(.byteBuffer(bytes))), promise: nil)
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}
