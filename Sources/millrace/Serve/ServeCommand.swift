import ArgumentParser
import BrokerAPI
import BrokerCore
import BrokerHTTP
import Glibc
import Logging
import ServiceLifecycle

/// `millrace serve`: the broker.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the broker on a data directory.",
        discussion: """
            Prints one line, `listening on http://HOST:PORT`, to standard output when it serves, and logs to standard error.
            SIGTERM and SIGINT end it gently: open streams get their goodbye, what is queued is written.

              millrace serve --data-dir /var/lib/millrace --port 8080
              MILLRACE_DATA_DIR=/var/lib/millrace millrace serve --port 0

            Every option is also read from the environment (MILLRACE_HOST, MILLRACE_PORT, MILLRACE_DATA_DIR,
            MILLRACE_JOURNAL_MIB, MILLRACE_JOURNAL_DIR, MILLRACE_SEGMENT_MIB, MILLRACE_MAX_OPEN_SEGMENTS,
            MILLRACE_MAX_CONNECTIONS, MILLRACE_MAX_STREAMS, MILLRACE_SLOW_WATCHER_SECONDS, MILLRACE_SCRUB_HOURS,
            MILLRACE_SCRUB_MIB, MILLRACE_COMPACTION_LAG_SECONDS, MILLRACE_MAINTENANCE_SECONDS,
            MILLRACE_CORS_ORIGIN with commas between several, MILLRACE_HEARTBEAT_SECONDS, MILLRACE_TRANSPORT,
            MILLRACE_LOG_LEVEL); the command line wins.
            An unknown MILLRACE_ variable stops the start. Exit status: 64 bad usage or configuration, 65 data of another
            version or damaged,
            69 the address cannot be listened on, 73 the data directory cannot be used, 74 the storage failed,
            75 another broker holds the data directory.
            """
    )

    @OptionGroup var options: ServeOptions

    func run() async throws {
        let openFilesMax = DescriptorLimit.raise()
        do {
            let settings = try ServeSettings(options, openFilesMax: openFilesMax)
            LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
            try await serve(settings)
        } catch {
            guard let failure = ServeFailure(error) else { throw error }
            StandardError.note(failure.text)
            throw ExitCode(failure.status)
        }
    }

    private func serve(_ settings: ServeSettings) async throws {
        var logger = Logger(label: "millrace")
        logger.logLevel = settings.logLevel
        let wallClock = SystemWallClock()
        let broker = try await Broker.open(
            settings.broker,
            clock: SystemMonotonicClock(),
            wallClock: wallClock,
            logger: logger,
            onFatal: Self.exitAfterStorageFailure
        )
        broker.start()
        let surface = HTTPSurface(
            api: API(engine: broker, configuration: settings.api, logger: logger),
            configuration: settings.http,
            logger: logger,
            now: { wallClock.nowMilliseconds },
            onReady: Self.announce
        )
        // They stop in the reverse of this order: streams say goodbye, the surface ends, then the broker closes its log.
        let services: [any Service] = [BrokerService(broker), surface, BrokerDrain(broker)]
        try await ServiceGroup(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        ).run()
    }

    @Sendable
    private static func announce(host: String, port: Int) {
        let name = host.contains(":") ? "[\(host)]" : host
        // Whoever started us may not listen; that is no reason not to serve.
        try? StandardOutput.write(line: "listening on http://\(name):\(port)")
    }

    /// What was being written may or may not be stored, and only the next start can find out: go, and answer nothing.
    @Sendable
    private static func exitAfterStorageFailure(_ reason: String) {
        StandardError.note("the storage failed: \(reason)")
        _exit(ServeFailure.storageStatus)
    }
}
