import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// Tells when a client has closed its side of a connection, while its answer is made or streamed.
///
/// It stands between the HTTP codec and the connection's sequence of parts, which nobody takes from meanwhile. A client that
/// has left and one that has only closed its sending half look the same until something is sent.
final class ClientWatch: ChannelInboundHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var context: ChannelHandlerContext?
    private var onClose: (@Sendable () -> Void)?
    private var isDeaf = false
    private var isClosed = false
    /// Whether a request's head came and its end has not.
    private var isInBody = false
    private var mark: BodyMark?

    /// Calls `onClose` once the client has closed its side, at once if it has.
    ///
    /// - Parameter isLast: the answer is the connection's last: what the client sends from now on is thrown away.
    static func begin(on channel: any Channel, isLast: Bool, onClose: @escaping @Sendable () -> Void) {
        channel.eventLoop.execute {
            guard let watch = try? channel.pipeline.syncOperations.handler(type: Self.self) else { return onClose() }
            watch.begin(isLast: isLast, onClose)
        }
    }

    /// Forgets whom to call.
    static func end(on channel: any Channel) {
        channel.eventLoop.execute {
            (try? channel.pipeline.syncOperations.handler(type: Self.self))?.onClose = nil
        }
    }

    /// Notes in the mark when the body that is coming breaks off, which who reads it may not see.
    ///
    /// The time between two parts of it is not bounded from now on: who reads it bounds it.
    static func follow(_ mark: BodyMark, on channel: any Channel) async {
        let following = channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            guard let watch = try? pipeline.handler(type: Self.self) else { return mark.breakOff() }
            watch.mark = mark
            if watch.isClosed, watch.isInBody { mark.breakOff() }
            if let idling = try? pipeline.context(handlerType: HTTPConnectionStateHandler.self) {
                pipeline.removeHandler(context: idling, promise: nil)
            }
        }
        do { try await following.get() } catch { mark.breakOff() }
    }

    private func begin(isLast: Bool, _ onClose: @escaping @Sendable () -> Void) {
        isDeaf = isDeaf || isLast
        guard !isClosed else { return onClose() }
        self.onClose = onClose
        // The sequence behind may have stopped asking.
        if isDeaf { context?.read() }
    }

    private func close() {
        isClosed = true
        if isInBody { mark?.breakOff() }
        let action = onClose
        onClose = nil
        action?()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        close()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: isInBody = true
        case .body: break
        case .end: isInBody = false
        }
        if !isDeaf { context.fireChannelRead(data) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isDeaf { context.read() } else { context.fireChannelReadComplete() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { close() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is no HTTP does not close anything, and behind a connection's last request it is nobody's. A failure of the
        // connection makes it inactive.
        if !isDeaf { context.fireErrorCaught(error) }
    }
}

/// Whether a body was broken off.
final class BodyMark: Sendable {
    private let state = Atomic(false)

    /// Whether it was.
    var isBrokenOff: Bool { state.load(ordering: .acquiring) }

    /// It was.
    func breakOff() { state.store(true, ordering: .releasing) }
}
