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
        case http(HTTP1Channel.Value)
        /// A WebSocket, with the request that asked for it.
        case socket(SocketConversation.Connection, HTTPRequestHead)
    }

    /// A connection whose first request has not come yet.
    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let http: HTTP1Channel
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
            case .http(let connection): await http.handle(value: connection, logger: logger)
            case .socket(let connection, let head): try await sockets.run(connection, head)
            }
        } catch {
            logger.trace("a connection has ended", metadata: ["error": "\(error)"])
        }
    }

    private func upgrading(_ logger: Logger) -> NIOUpgradableHTTPServerPipelineConfiguration<Negotiated> {
        let http = http
        let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture { .http(try Self.enterHTTP(channel, http, logger)) }
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

    /// The rest of the pipeline that `HTTP1Channel` has.
    private static func enterHTTP(
        _ channel: any Channel,
        _ http: HTTP1Channel,
        _ logger: Logger
    ) throws -> HTTP1Channel.Value {
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
        return try NIOAsyncChannel(
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
