import BrokerAPI
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Takes the requests that are many straight to the API, and hands all others over to Hummingbird's way.
///
/// It stands where that way begins, at the end of a connection's pipeline. One request at a time is taken: while it is being
/// answered nothing is read, and what has come already waits. What is handed over is answered there until nothing is under way
/// any more. The other way is only made when it is needed: a connection that only produces has no sequence of parts, and a task
/// only while it is answered.
final class DirectHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the connection is doing.
    private enum Phase {
        /// The next part is a request's head.
        case idle
        /// The body of a request that was taken is coming.
        case collecting
        /// A request that was taken is being answered, or its client is to wait.
        case answering
        /// Requests go the other way; so many are not answered yet.
        case passing(Int)
    }

    /// What comes from the client.
    private enum Inbound {
        case part(HTTPRequestPart)
        case failure(any Error)
        /// Nothing more will come.
        case end
    }

    private let routes: DirectRoutes
    private let sendLimits: SendLimits
    private let executor: LoopExecutor
    /// Makes the other way behind this handler.
    private let open: () throws -> Void
    private var isOpen = false
    private var phase = Phase.idle
    /// The request that was taken, until it is answered.
    private var request: DirectRequest?
    /// What came while it was being answered.
    private var waiting = CircularBuffer<Inbound>()
    private var isReadWithheld = false
    /// Whether the connection ends with an answer that the other way has given or has to give: no request is taken behind it.
    private var hasLast = false
    /// Whether a request that was taken is with the API, or its stream is open.
    private var isAtWork = false
    private var onDone: (() -> Void)?
    private var context: ChannelHandlerContext?

    /// A handler of a connection that has done nothing.
    ///
    /// - Parameter open: makes the other way behind this handler; called at most once.
    init(
        _ routes: DirectRoutes,
        _ sendLimits: SendLimits,
        on loop: any EventLoop,
        open: @escaping () throws -> Void
    ) {
        self.routes = routes
        self.sendLimits = sendLimits
        executor = LoopExecutor(loop)
        self.open = open
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // One that is being answered gives its room back itself.
        if case .collecting = phase { request?.giveBack(to: routes.budget) }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        take(.part(unwrapInboundIn(data)), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        take(.failure(error), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return context.fireUserInboundEventTriggered(event) }
        take(.end, context)
    }

    func read(context: ChannelHandlerContext) {
        if case .answering = phase { isReadWithheld = true } else { context.read() }
    }

    private func take(_ inbound: Inbound, _ context: ChannelHandlerContext) {
        if case .answering = phase { return waiting.append(inbound) }
        switch inbound {
        case .part(let part): take(part, context)
        case .failure(let error):
            // What cannot be read is told by the other way.
            openWay(context)
            context.fireErrorCaught(error)
        case .end where isOpen: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .end: context.close(mode: .output, promise: nil)
        }
    }

    private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (phase, part) {
        case (.idle, .head(let head)):
            guard !hasLast, let found = routes.route(of: head) else { return pass(part, context) }
            request = DirectRequest(head, found)
            phase = .collecting
        case (.collecting, .body(let bytes)):
            if request?.take(bytes, routes.budget) != true { handOver(bytes, context) }
        case (.collecting, .end): answer(context)
        default: pass(part, context)
        }
    }

    private func pass(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        if case .head(let head) = part {
            hasLast = hasLast || head.headerFields[.connection] == "close"
            if case .passing(let count) = phase { phase = .passing(count + 1) } else { phase = .passing(1) }
            openWay(context)
        }
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// Lets the other way refuse a body for which there is no room any more.
    private func handOver(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard let request else { return }
        self.request = nil
        request.giveBack(to: routes.budget)
        pass(.head(request.head), context)
        if request.body.readableBytes > 0 { pass(.body(request.body), context) }
        pass(.body(bytes), context)
    }

    private func openWay(_ context: ChannelHandlerContext) {
        guard !isOpen else { return }
        isOpen = true
        do { try open() } catch { context.close(promise: nil) }
    }
}

/// Out.
extension DirectHandler {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .passing(let count) = phase {
            switch unwrapOutboundIn(data) {
            case .head(let head): hasLast = hasLast || head.headerFields[.connection] == "close"
            case .body: break
            case .end: phase = count > 1 ? .passing(count - 1) : .idle
            }
        }
        context.write(data, promise: promise)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let request else { return }
        self.request = nil
        phase = .answering
        isAtWork = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let (api, loop, limits, channel) = (routes.api, context.eventLoop, sendLimits, context.channel)
        // What takes long is kept from the loop, where other connections wait.
        Task(executorPreference: request.isLong ? nil : executor) {
            let reply = await api.respond(to: request.call, match: .found(request.found), principal: .anonymous)
            guard case .stream(let stream) = reply.body else {
                if loop.inEventLoop { return bound.value.send(reply, to: request) }
                return loop.execute { bound.value.send(reply, to: request) }
            }
            var head = HTTPResponse(status: reply.status, headerFields: reply.headers)
            // The connection serves no other request: what comes after this one is not kept.
            head.headerFields[.connection] = "close"
            loop.execute { [head] in
                StreamAnswer.begin(stream, behind: head, on: channel, limits) { bound.value.workIsDone() }
            }
        }
    }

    /// Calls `action` when nothing is under way; at once where nothing is.
    func whenDone(_ action: @escaping () -> Void) {
        if isAtWork { onDone = action } else { action() }
    }

    private func workIsDone() {
        isAtWork = false
        let action = onDone
        onDone = nil
        action?()
    }

    private func send(_ reply: APIReply, to request: DirectRequest) {
        request.giveBack(to: routes.budget)
        workIsDone()
        guard let context, case .bytes(let bytes) = reply.body else { return }
        var head = HTTPResponse(status: reply.status, headerFields: reply.headers)
        if reply.status != .noContent { head.headerFields[.contentLength] = String(bytes.readableBytes) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if bytes.readableBytes > 0 { context.write(wrapOutboundOut(.body(bytes)), promise: nil) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { self.sent(reply) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }

    /// The socket has taken an answer: a client that does not read its answers is not heard either.
    private func sent(_ reply: APIReply) {
        guard let context else { return }
        guard let pause = RequestPause.after(reply) else { return goOn(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            if let context = self.context { self.goOn(context) }
        }
    }

    /// Takes what has come meanwhile, then reads on.
    private func goOn(_ context: ChannelHandlerContext) {
        phase = .idle
        while let inbound = waiting.popFirst() {
            take(inbound, context)
            if case .answering = phase { return }
        }
        // Behind the reads that the event loop knows of: what was passed on is taken when they are told to be complete.
        if case .passing = phase { context.fireChannelReadComplete() }
        guard isReadWithheld else { return }
        isReadWithheld = false
        context.read()
    }
}
