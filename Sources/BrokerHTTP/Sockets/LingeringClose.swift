import NIOCore

/// Closes a connection whose frames nobody can read any more so that its client still reads why.
///
/// A socket that is closed with unread bytes is reset, and a reset takes the closing frame with it that the client has not
/// read yet. So once it is told `StopListening`, this handler throws away whatever comes, and a close ends only our half of
/// the connection until the client has ended its own, or has had its time.
final class LingeringClose: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What comes from now on is not read.
    struct StopListening: Sendable {}

    private let timeout: TimeAmount
    private var isDeaf = false
    private var closing: EventLoopPromise<Void>?
    private var deadline: Scheduled<Void>?

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is StopListening else { return context.triggerUserOutboundEvent(event, promise: promise) }
        isDeaf = true
        promise?.succeed()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isDeaf { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Whoever asked for reads until now has stopped.
        if isDeaf { context.read() } else { context.fireChannelReadComplete() }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isDeaf, mode == .all, context.channel.isActive else { return context.close(mode: mode, promise: promise) }
        guard closing == nil else { return closing?.futureResult.cascade(to: promise) ?? () }
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.cascade(to: promise)
        closing = closed
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { self.end(bound.value) }
        context.close(mode: .output, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if closing != nil, event as? ChannelEvent == .inputClosed { return end(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        closing?.succeed()
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        context.close(mode: .all, promise: nil)
    }
}
