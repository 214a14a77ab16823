import BrokerAPI
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Stands at the end of a connection's pipeline until its first request has come.
///
/// A connection that sends none is closed in time, and at shutdown; one that sends something else is told so, and so is one
/// whose handshake is wrong: NIO's upgrade keeps the head of that request to itself. Then others do all this, and the guard
/// leaves the pipeline.
final class FirstRequestGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias OutboundOut = HTTPServerResponsePart

    private let timeout: TimeAmount?
    private var deadline: Scheduled<Void>?

    init(timeout: TimeAmount?) {
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let timeout else { return }
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is HTTPParserError: answer(APIReply(status: .badRequest), context)
        case is NIOWebSocketUpgradeError: answer(API.upgradeRefused(), context)
        default: context.fireErrorCaught(error)
        }
    }

    private func answer(_ reply: APIReply, _ context: ChannelHandlerContext) {
        guard case .bytes(let body) = reply.body else { return context.close(promise: nil) }
        var head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: reply.status.code, reasonPhrase: reply.status.reasonPhrase)
        )
        for field in reply.headers { head.headers.add(name: field.name.rawName, value: field.value) }
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "Content-Length", value: "\(body.readableBytes)")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }
}
