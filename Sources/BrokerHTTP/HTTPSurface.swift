public import BrokerAPI
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// The broker's HTTP/1.1 listener: a service that serves the API until it is told to stop.
///
/// Shutdown: before this service is told, the engine must be (a service that stops earlier does it, `BrokerDrain`), so
/// that every stream writes its goodbye and ends by itself. A stream that is cancelled first could not: NIO's writer takes
/// nothing from a cancelled task. Then the listener closes, each connection closes when its request in progress is
/// answered, and after `drainMax` what is left is cancelled. `run()` returns when no connection is left, so a service that
/// stops after this one (the broker, its storage) sees no further call.
public struct HTTPSurface: Service {
    private let api: API
    private let configuration: HTTPSurfaceConfiguration
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let onReady: @Sendable (_ host: String, _ port: Int) -> Void

    /// Creates a surface; nothing is opened before `run()`.
    ///
    /// - Parameters:
    ///   - now: wall time in milliseconds since 1970, for the `Date` field of answers.
    ///   - onReady: called once, when connections are accepted, with the bound address.
    public init(
        api: API,
        configuration: HTTPSurfaceConfiguration,
        logger: Logger,
        now: @escaping @Sendable () -> Int64,
        onReady: @escaping @Sendable (_ host: String, _ port: Int) -> Void = { _, _ in }
    ) {
        self.api = api
        self.configuration = configuration
        self.logger = logger
        self.now = now
        self.onReady = onReady
    }

    /// Serves until graceful shutdown or cancellation.
    /// - Throws: `HTTPSurfaceError` when the address cannot be listened on.
    public func run() async throws {
        let server = makeServer()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await serve(server) }
            group.addTask { try await waitForDeadline() }
            // The server ends first, or the deadline passes: either way there is nothing more to wait for.
            try await group.next()
            group.cancelAll()
        }
    }

    private func serve(_ server: Server<TunedChannel<UpgradeChannel>>) async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw HTTPSurfaceError.cannotListen(
                host: configuration.host,
                port: configuration.port,
                errno: error.errnoCode,
                text: error.description
            )
        }
    }

    /// Returns when what is in progress has had its time.
    private func waitForDeadline() async throws {
        try await gracefulShutdown()
        try await Task.sleep(for: configuration.drainMax)
        logger.warning("requests are still in progress at the deadline of the shutdown and are cut off")
    }

    private func makeServer() -> Server<TunedChannel<UpgradeChannel>> {
        let budget = BodyBudget(bytesMax: configuration.bodyBytesInFlightMax)
        let handler = RequestHandler(
            api: api,
            budget: budget,
            discardBytesMax: configuration.discardBytesMax,
            sendLimits: sendLimits
        )
        let channel = TunedChannel(
            base: UpgradeChannel(
                http: HTTP1Channel(
                    responder: { request, writer, channel in try await handler.handle(request, writer, channel) },
                    configuration: connectionConfiguration
                ),
                direct: configuration.transport == .direct ? DirectRoutes(api: api, budget: budget) : nil,
                sockets: SocketConversation(api: api, limits: sendLimits),
                frameBytesMax: configuration.socketFrameBytesMax,
                fields: CommonFields(api: api, now: now)
            ),
            unacknowledgedMax: configuration.unacknowledgedMax,
            unsentBytesMax: configuration.unsentBytesMax,
            load: api.load
        )
        let server = ServerConfiguration(
            address: .hostname(configuration.host, port: configuration.port),
            backlog: configuration.backlog,
            availableConnectionsDelegate: MaximumAvailableConnections(configuration.connectionsMax, logger: logger)
        )
        let (host, ready) = (configuration.host, onReady)
        return Server(
            childChannelSetup: channel,
            configuration: server,
            onServerRunning: { channel in ready(host, channel.localAddress?.port ?? 0) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger
        )
    }

    private var sendLimits: SendLimits {
        SendLimits(
            lingerMax: configuration.lingerMax,
            closeMax: configuration.socketCloseMax,
            unacknowledgedMax: configuration.unacknowledgedMax
        )
    }

    private var connectionConfiguration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            idleTimeout: TimeAmount(configuration.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.headBytesMax,
                maxHeaderListSize: configuration.headBytesMax,
                maxHeaderFieldCount: configuration.headFieldsMax
            )
        )
    }
}
