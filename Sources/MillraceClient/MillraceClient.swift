import AsyncHTTPClient
import NIOCore

/// A client of one Millrace broker, over plain HTTP.
///
/// ```swift
/// try await MillraceClient.withClient(server: "http://127.0.0.1:8080") { client in
///     try await client.createTopic("orders", partitions: 8)
///     for try await event in client.watch("orders", ReadOptions(from: "earliest")) {
///         if case .record(let record) = event { print(record.json) }
///     }
/// }
/// ```
///
/// It imports no module of the broker: whatever it does, any HTTP client can do. A value may be used from any task.
///
/// Retries: a stream (`watch`, `joinGroup`) reconnects by itself, because reading again is harmless. A produce request
/// is sent again only when the broker said that nothing was stored (`noSideEffects` and `retryable`) or when no
/// connection could be made at all; an answer that was lost is an error, never a second append. With a `Producer`, which
/// numbers its requests, it is sent again in that case, too, and stored once.
public struct MillraceClient: Sendable {
    /// The server's address as given, without a trailing slash.
    public let server: String
    /// Timeouts, bounds and delays.
    public let configuration: ClientConfiguration

    let http: HTTPClient

    /// Creates a client; no connection is made yet.
    ///
    /// - Parameter server: `http://host:port`, possibly with a path prefix.
    /// - Throws: `MillraceError.invalidArgument` when the address is not an `http` or `https` URL.
    public init(server: String, configuration: ClientConfiguration = ClientConfiguration()) throws(MillraceError) {
        self.server = try ServerAddress.validated(server)
        self.configuration = configuration
        self.http = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: Self.transport(configuration)
        )
    }

    /// Closes all connections; the client must not be used afterwards.
    public func shutdown() async {
        // The only failure is a second shutdown, which leaves nothing open either.
        try? await http.shutdown()
    }

    /// Runs `body` with a client and shuts it down afterwards, also when `body` throws.
    public static func withClient<Result>(
        server: String,
        configuration: ClientConfiguration = ClientConfiguration(),
        _ body: (MillraceClient) async throws -> Result
    ) async throws -> Result {
        let client = try MillraceClient(server: server, configuration: configuration)
        do {
            let result = try await body(client)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private static func transport(_ configuration: ClientConfiguration) -> HTTPClient.Configuration {
        var transport = HTTPClient.Configuration()
        transport.redirectConfiguration = .disallow
        transport.httpVersion = .http1Only
        transport.timeout.connect = TimeAmount(configuration.connectTimeout)
        transport.timeout.read = TimeAmount(configuration.silenceMax)
        // A refused connection is to be reported at once; the callers that may wait have their own backoff.
        transport.connectionPool.retryConnectionEstablishment = false
        // A stream occupies its connection, so the soft limit must not be the number of streams.
        transport.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsMax
        return transport
    }
}
