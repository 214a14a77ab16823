import NIOCore
import NIOWebSocket

/// Lets a client's frames through if they are masked, as they must be (RFC 6455, 5.1).
final class MaskedFrames: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame

    /// A frame was not masked.
    struct UnmaskedFrame: Error {}

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard unwrapInboundIn(data).maskKey != nil else { return context.fireErrorCaught(UnmaskedFrame()) }
        context.fireChannelRead(data)
    }
}
