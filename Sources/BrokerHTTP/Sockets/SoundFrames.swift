import NIOCore
import NIOWebSocket

/// Lets a client's frames through if they are what the protocol has: masked, of a known kind, without an extension's marks.
///
/// No extension is ever agreed upon, so a frame with a reserved bit means something that nobody here knows (RFC 6455, 5.1
/// and 5.2).
final class SoundFrames: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias InboundOut = WebSocketFrame

    /// A frame that the protocol does not have.
    struct UnsoundFrame: Error {}

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard Self.isSound(unwrapInboundIn(data)) else { return context.fireErrorCaught(UnsoundFrame()) }
        context.fireChannelRead(data)
    }

    private static func isSound(_ frame: WebSocketFrame) -> Bool {
        let isMarked = frame.rsv1 || frame.rsv2 || frame.rsv3
        switch frame.opcode {
        case .continuation, .text, .binary, .connectionClose, .ping, .pong: return frame.maskKey != nil && !isMarked
        default: return false
        }
    }
}
