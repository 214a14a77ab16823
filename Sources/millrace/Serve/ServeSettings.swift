import BrokerAPI
import BrokerCore
import BrokerHTTP
import Configuration
import Logging

/// The settings of a broker: command line, then environment, then defaults; all of them checked.
struct ServeSettings {
    /// A setting that cannot be.
    struct Invalid: Error, CustomStringConvertible {
        let description: String
    }

    /// The broker's part.
    var broker: BrokerConfiguration
    /// The API's part.
    var api = APIConfiguration()
    /// The listener's part.
    var http: HTTPSurfaceConfiguration
    /// What is logged.
    var logLevel: Logger.Level

    /// Every key, as the environment spells it; the client's commands read the last.
    private static let known = [
        "MILLRACE_HOST", "MILLRACE_PORT", "MILLRACE_DATA_DIR", "MILLRACE_JOURNAL_MIB", "MILLRACE_SEGMENT_MIB",
        "MILLRACE_SCRUB_HOURS", "MILLRACE_SCRUB_MIB", "MILLRACE_COMPACTION_LAG_SECONDS",
        "MILLRACE_MAINTENANCE_SECONDS", "MILLRACE_JOURNAL_DIR", "MILLRACE_MAX_OPEN_SEGMENTS",
        "MILLRACE_MAX_CONNECTIONS", "MILLRACE_MAX_STREAMS", "MILLRACE_SLOW_WATCHER_SECONDS", "MILLRACE_CORS_ORIGIN",
        "MILLRACE_HEARTBEAT_SECONDS", "MILLRACE_TRANSPORT", "MILLRACE_LOG_LEVEL",
        "MILLRACE_SERVER",
    ]

    /// - Parameter openFilesMax: The process's limit of open files; nil when it is not known.
    init(_ options: ServeOptions, openFilesMax: Int?) throws(Invalid) {
        try Self.refuseUnknown()
        let environment = ConfigReader(provider: EnvironmentVariablesProvider())
        func text(_ option: String?, _ key: ConfigKey) -> String? { option ?? environment.string(forKey: key) }

        let host = text(options.host, "millrace.host") ?? "127.0.0.1"
        let port = try Self.number(text(options.port, "millrace.port"), "port", 0...65_535) ?? 8080
        let directory = text(options.dataDir, "millrace.data.dir") ?? "millrace-data"
        broker = BrokerConfiguration(directory: Environment.absolutePath(directory))
        http = HTTPSurfaceConfiguration(host: host, port: port)
        logLevel = try Self.level(text(options.logLevel, "millrace.log.level"))
        broker.placeJournal(in: text(options.journalDir, "millrace.journal.dir").map(Environment.absolutePath))
        try setStorage(
            text(options.journalMib, "millrace.journal.mib"),
            text(options.segmentMib, "millrace.segment.mib")
        )
        try setMaintenance(
            scrubHours: text(options.scrubHours, "millrace.scrub.hours"),
            scrubMib: text(options.scrubMib, "millrace.scrub.mib"),
            compactionLag: text(options.compactionLagSeconds, "millrace.compaction.lag.seconds"),
            interval: text(options.maintenanceSeconds, "millrace.maintenance.seconds")
        )
        let segments = text(options.maxOpenSegments, "millrace.max.open.segments")
        let connections = text(options.maxConnections, "millrace.max.connections")
        try shareDescriptors(
            openFilesMax,
            segments: Self.number(segments, "max-open-segments", 8...1_000_000),
            connections: Self.number(connections, "max-connections", 1...1_000_000)
        )
        try setStreams(
            heartbeat: text(options.heartbeatSeconds, "millrace.heartbeat.seconds"),
            streams: text(options.maxStreams, "millrace.max.streams"),
            slow: text(options.slowWatcherSeconds, "millrace.slow.watcher.seconds")
        )
        let origins = environment.string(forKey: "millrace.cors.origin").map(Self.list) ?? []
        api.crossOrigin = try Self.crossOrigin(options.corsOrigin.isEmpty ? origins : options.corsOrigin)
        http.transport = try Self.transport(text(options.transport, "millrace.transport"))
        http.bodyBytesInFlightMax = broker.limits.bodyBytesInFlightMax.value
        http.headBytesMax = broker.limits.requestHeadBytesMax.value
        http.drainMax = broker.limits.drainMax
    }

    private static func transport(_ text: String?) throws(Invalid) -> HTTPTransport {
        guard let text else { return .direct }
        guard let transport = HTTPTransport(rawValue: text) else {
            throw Invalid(description: "transport is direct or hummingbird, not \"\(text)\"")
        }
        return transport
    }

    private mutating func setStorage(_ journal: String?, _ segment: String?) throws(Invalid) {
        if let mebibytes = try Self.number(journal, "journal-mib", 8...65_536) {
            broker.store.ringBytes = .mebibytes(mebibytes)
            // Asked for by name: no share of the volume is too large.
            broker.store.ringVolumePercentMax = 100
            // A frame is at most a quarter of the ring: a small ring means small requests.
            broker.store.frameBytesMax = min(broker.store.frameBytesMax, .mebibytes(mebibytes / 4))
        }
        if let mebibytes = try Self.number(segment, "segment-mib", 1...2047) {
            broker.store.segmentBytesMax = .mebibytes(mebibytes)
        }
    }

    private mutating func setMaintenance(
        scrubHours: String?,
        scrubMib: String?,
        compactionLag: String?,
        interval: String?
    ) throws(Invalid) {
        if let hours = try Self.number(scrubHours, "scrub-hours", 0...8760) {
            broker.scrubIntervalSeconds = Int64(hours) * 3600
        }
        if let mebibytes = try Self.number(scrubMib, "scrub-mib", 1...1024) {
            broker.scrubBytesPerSecond = .mebibytes(mebibytes)
        }
        if let seconds = try Self.number(compactionLag, "compaction-lag-seconds", 0...86_400) {
            broker.compaction.policy.lagMilliseconds = Int64(seconds) * 1000
            // Whoever wants it soon wants it looked for often.
            let interval = min(broker.compaction.intervalMilliseconds, Int64(max(1, seconds)) * 1000)
            broker.compaction.intervalMilliseconds = interval
        }
        if let seconds = try Self.number(interval, "maintenance-seconds", 1...86_400) {
            broker.maintenanceIntervalMilliseconds = Int64(seconds) * 1000
        }
    }

    /// After the descriptors are shared: streams take connections.
    private mutating func setStreams(heartbeat: String?, streams: String?, slow: String?) throws(Invalid) {
        if let seconds = try Self.number(heartbeat, "heartbeat-seconds", 1...3600) {
            broker.limits.heartbeatInterval = .seconds(seconds)
        }
        // Requests that are no streams need connections, too.
        let room = max(1, http.connectionsMax / 4 * 3)
        broker.limits.streamsPerPrincipalMax =
            try Self.number(streams, "max-streams", 1...1_000_000) ?? min(broker.limits.streamsPerPrincipalMax, room)
        if let seconds = try Self.number(slow, "slow-watcher-seconds", 1...86_400) {
            broker.limits.slowWatcherMax = .seconds(seconds)
        }
    }

    private mutating func shareDescriptors(
        _ total: Int?,
        segments: Int?,
        connections: Int?
    ) throws(Invalid) {
        let cores = DescriptorLimit.cores
        let most = broker.limits.connectionsMax
        let shares = total.flatMap { DescriptorLimit(total: $0, cores: cores, connectionsMax: most) }
        if let total, shares == nil {
            throw Invalid(
                description:
                    "the limit of open files is \(total), and \(DescriptorLimit.least(cores: cores)) are the least"
                    + " that a broker works with: raise it (ulimit -n)"
            )
        }
        broker.store.openSegmentsMax = segments ?? shares?.segments ?? broker.store.openSegmentsMax
        http.connectionsMax = connections ?? shares?.connections ?? most
        broker.limits.connectionsMax = http.connectionsMax
        guard let total, segments != nil || connections != nil else { return }
        let wanted = broker.store.openSegmentsMax + http.connectionsMax + DescriptorLimit.overhead(cores: cores)
        guard wanted <= total else {
            throw Invalid(
                description:
                    "max-open-segments and max-connections together need \(wanted) open files, and the limit is"
                    + " \(total): lower them, or raise it (ulimit -n)"
            )
        }
    }

    private static func refuseUnknown() throws(Invalid) {
        let unknown = Environment.names(withPrefix: "MILLRACE_").filter { !known.contains($0) }
        guard let first = unknown.first else { return }
        throw Invalid(
            description: "the environment variable \(first) is unknown; known are \(known.joined(separator: ", "))"
        )
    }

    private static func crossOrigin(_ origins: [String]) throws(Invalid) -> CrossOriginPolicy? {
        guard !origins.isEmpty else { return nil }
        do {
            return try CrossOriginPolicy(origins: origins)
        } catch {
            throw Invalid(description: "cors-origin: \(error.description)")
        }
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { $0.filter { $0 != " " } }
    }

    private static func number(_ text: String?, _ name: String, _ range: ClosedRange<Int>) throws(Invalid) -> Int? {
        guard let text else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Invalid(
                description: "\(name) is a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'"
            )
        }
        return number
    }

    private static func level(_ text: String?) throws(Invalid) -> Logger.Level {
        guard let text else { return .info }
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw Invalid(description: "log-level is one of \(levels), not '\(text)'")
        }
        return level
    }
}
