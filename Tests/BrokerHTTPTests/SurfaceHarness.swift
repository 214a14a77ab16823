import AsyncHTTPClient
import BrokerAPI
import BrokerHTTP
import Logging
import NIOCore
import ServiceLifecycle
import Testing

/// A surface over an engine, listening on a free port, and an HTTP client.
struct SurfaceHarness {
    let engine: FakeEngine
    let address: String
    let client: HTTPClient
    private let api: API
    private let services: ServiceGroup

    /// Runs `body` against a surface, and then shuts it down if `body` has not.
    static func run(
        _ engine: FakeEngine = FakeEngine(),
        api apiConfiguration: APIConfiguration = APIConfiguration(),
        over transport: HTTPTransport? = nil,
        configure: (inout HTTPSurfaceConfiguration) -> Void = { _ in },
        _ body: (SurfaceHarness) async throws -> Void
    ) async throws {
        var configuration = HTTPSurfaceConfiguration(port: 0)
        configuration.transport = transport ?? .current
        configure(&configuration)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let api = API(engine: engine, configuration: apiConfiguration, logger: logger)
        let surface = HTTPSurface(
            api: api,
            configuration: configuration,
            logger: logger,
            now: { 784_111_777_000 },
            onReady: { _, bound in port.yield(bound) }
        )
        let services = ServiceGroup(services: [surface, Drain(engine: engine)], logger: logger)
        let running = Task {
            // A surface that cannot listen is never ready.
            defer { port.finish() }
            try await services.run()
        }
        var ready = ports.makeAsyncIterator()
        guard let bound = await ready.next() else { return try await running.value }
        let address = "http://127.0.0.1:\(bound)"
        var pool = HTTPClient.Configuration()
        // Every stream takes a connection.
        pool.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: pool)
        let harness = SurfaceHarness(
            engine: engine,
            address: address,
            client: client,
            api: api,
            services: services
        )
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(harness))
        } catch {
            outcome = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await running.value
        try await client.shutdown()
        try outcome.get()
    }

    /// Where it listens.
    var port: Int {
        get throws { try #require(address.split(separator: ":").last.flatMap { Int($0) }) }
    }

    /// How many streams are open.
    var streamCount: Int { api.openStreams(of: .anonymous) }

    /// Begins the shutdown; `run` waits for its end.
    func shutDown() async {
        await services.triggerGracefulShutdown()
    }

    /// Sends a request without following anything.
    func send(
        _ method: String,
        _ target: String,
        headers: [(String, String)] = [],
        body: HTTPClientRequest.Body? = nil
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address + target)
        request.method = .init(rawValue: method)
        request.headers.add(contentsOf: headers)
        request.body = body
        return try await client.execute(request, timeout: .seconds(20))
    }

    /// Stands last, as `BrokerDrain` does.
    private struct Drain: Service {
        let engine: FakeEngine

        func run() async throws {
            try? await gracefulShutdown()
            engine.drain()
        }
    }
}
