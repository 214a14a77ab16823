import NIOCore
import NIOHTTP1

/// Passes over wishes for another protocol than WebSocket, such as HTTP/2 in clear text.
///
/// A server may ignore them (RFC 9110, 7.8), where NIO's upgrade would close the connection without an answer. NIO's decoder
/// reads nothing behind such a request, so the connection ends with its answer. A wish for a WebSocket ends this handler.
final class ForeignUpgrade: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.headers.contains(name: "upgrade") else {
            return context.fireChannelRead(data)
        }
        guard !head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }) else {
            context.fireChannelRead(data)
            return context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
        head.headers.remove(name: "upgrade")
        head.headers.replaceOrAdd(name: "connection", value: "close")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}
