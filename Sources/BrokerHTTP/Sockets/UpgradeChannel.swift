import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// An HTTP/1.1 connection whose first request may turn it into a WebSocket.
///
/// Only the first: a later one is answered 426, and a wrong handshake is refused before NIO sees it (`UpgradeGate`). The
/// pipeline is Hummingbird's own (`HTTP1Channel`) with NIO's upgrade in front, which leaves the pipeline with the first
/// request. It withholds no reads while an answer is being written (`enablePipelining`), so that a stream sees its client
/// leave.
struct UpgradeChannel: ServerChildChannel {
    /// What the first request made of the connection.
    enum Negotiated: Sendable {
        /// HTTP.
        case http(Ways)
        /// A WebSocket, with the request that asked for it.
        case socket(SocketConversation.Connection, HTTPRequestHead)
    }

    /// The two ways of a connection that stays with HTTP.
    struct Ways: Sendable {
        let channel: any Channel
        /// What Hummingbird has of it once a request is for it, nil where none ever was.
        let opened: EventLoopFuture<HTTP1Channel.Value?>
        /// Kept when the connection has ended, and nothing of it is under way on the direct way.
        let directEnd: EventLoopFuture<Void>
    }

    /// A connection whose first request has not come yet.
    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let http: HTTP1Channel
    /// What goes past Hummingbird; nil when nothing does.
    let direct: DirectRoutes?
    let sockets: SocketConversation
    let frameBytesMax: Int
    let fields: CommonFields

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let timeout = http.configuration.idleTimeout
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let negotiated = try pipeline.configureUpgradableHTTPServerPipeline(configuration: upgrading(logger))
            let upgrade = try pipeline.handler(type: NIOTypedHTTPServerUpgradeHandler<Negotiated>.self)
            try pipeline.addHandler(UpgradeGate(fields), position: .before(upgrade))
            try pipeline.addHandler(ExchangeHeads(fields))
            try pipeline.addHandler(FirstRequestGuard(timeout: timeout))
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.negotiated.get() {
            case .http(let ways): try await handle(ways, logger)
            case .socket(let connection, let head): try await sockets.run(connection, head)
            }
        } catch {
            logger.trace("a connection has ended", metadata: ["error": "\(error)"])
        }
    }

    private func handle(_ ways: Ways, _ logger: Logger) async throws {
        let connection = try await withTaskCancellationHandler {
            try await ways.opened.get()
        } onCancel: {
            ways.channel.close(promise: nil)
        }
        if let connection { await http.handle(value: connection, logger: logger) }
        // Who stops behind the surface sees no further call of a connection that has ended.
        try await ways.directEnd.get()
    }

    private func upgrading(_ logger: Logger) -> NIOUpgradableHTTPServerPipelineConfiguration<Negotiated> {
        let (http, direct, sendLimits) = (http, direct, sockets.limits)
        let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    .http(try Self.enterHTTP(channel, http, direct, sendLimits, logger))
                }
            }
        )
        var configuration = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
        configuration.enablePipelining = false
        configuration.enableErrorHandling = false
        configuration.enableResponseHeaderValidation = false
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = http.configuration.httpDecoder.maxHeaderFieldSize
        limits.maxHeaderListSize = http.configuration.httpDecoder.maxHeaderListSize
        limits.maxHeaderFieldCount = http.configuration.httpDecoder.maxHeaderFieldCount
        configuration.decoderConfiguration = limits
        return configuration
    }

    private var upgrader: NIOTypedWebSocketServerUpgrader<Negotiated> {
        let bytesMax = frameBytesMax
        let closeMax = TimeAmount(sockets.limits.closeMax)
        return NIOTypedWebSocketServerUpgrader(
            maxFrameSize: bytesMax,
            enableAutomaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(Self.subprotocol(head))
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    .socket(try Self.enterSocket(channel, bytesMax: bytesMax, closeMax: closeMax), head)
                }
            }
        )
    }

    /// What the handshake's answer says of the subprotocol: ours, where the client offers it.
    private static func subprotocol(_ head: HTTPRequestHead) -> HTTPHeaders {
        let field = "Sec-WebSocket-Protocol"
        let offered = head.headers[canonicalForm: field]
        return offered.contains { $0 == SocketConversation.subprotocol }
            ? [field: SocketConversation.subprotocol] : [:]
    }

    /// The rest of the pipeline that `HTTP1Channel` has, its end as late as a request is for it.
    private static func enterHTTP(
        _ channel: any Channel,
        _ http: HTTP1Channel,
        _ direct: DirectRoutes?,
        _ limits: SendLimits,
        _ logger: Logger
    ) throws -> Ways {
        let pipeline = channel.pipeline.syncOperations
        pipeline.removeHandler(context: try pipeline.context(handlerType: FirstRequestGuard.self), promise: nil)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try pipeline.addHandler(
            HTTPConnectionStateHandler(
                idleTimeout: http.configuration.idleTimeout.map { Duration($0) },
                logger: logger
            )
        )
        try pipeline.addHandler(ClientWatch())
        let loop = channel.eventLoop
        guard let direct else {
            let opened = loop.makeSucceededFuture(try enterHummingbird(channel) as HTTP1Channel.Value?)
            return Ways(channel: channel, opened: opened, directEnd: loop.makeSucceededVoidFuture())
        }
        let (opened, ended) = (loop.makePromise(of: HTTP1Channel.Value?.self), loop.makePromise(of: Void.self))
        let handler = DirectHandler(direct, limits, on: loop) { opened.succeed(try enterHummingbird(channel)) }
        channel.closeFuture.assumeIsolated().whenComplete { _ in
            // Only the first of the two counts.
            opened.succeed(nil)
            handler.whenDone { ended.succeed(()) }
        }
        try pipeline.addHandler(handler)
        return Ways(channel: channel, opened: opened.futureResult, directEnd: ended.futureResult)
    }

    private static func enterHummingbird(_ channel: any Channel) throws -> HTTP1Channel.Value {
        try NIOAsyncChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
        )
    }

    private static func enterSocket(
        _ channel: any Channel,
        bytesMax: Int,
        closeMax: TimeAmount
    ) throws -> SocketConversation.Connection {
        let pipeline = channel.pipeline.syncOperations
        pipeline.removeHandler(context: try pipeline.context(handlerType: FirstRequestGuard.self), promise: nil)
        pipeline.removeHandler(context: try pipeline.context(handlerType: ExchangeHeads.self), promise: nil)
        try pipeline.addHandler(LingeringClose(timeout: closeMax), position: .first)
        try pipeline.addHandler(SoundFrames())
        try pipeline.addHandler(
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0,
                maxAccumulatedFrameCount: SocketConversation.fragmentsMax,
                maxAccumulatedFrameSize: bytesMax
            )
        )
        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
    }
}
