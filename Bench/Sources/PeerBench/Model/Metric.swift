/// What is measured of a contender in a round.
enum Metric: String, Codable, CodingKeyRepresentable, CaseIterable, Sendable {
    case recordsPerSecond
    case deliveriesPerSecond
    case megabytesPerSecond
    case p50
    case p99
    case p999
    case cleanStartSeconds
    case uncleanStartSeconds
    case residentMebibytes
    case processorPercent
    case serverSecondsPerMillion
    case clientSecondsPerMillion
    case recordsPerFlush

    /// The head of its column.
    var title: String {
        switch self {
        case .recordsPerSecond: "records/s"
        case .deliveriesPerSecond: "deliveries/s"
        case .megabytesPerSecond: "MB/s"
        case .p50: "p50 ms"
        case .p99: "p99 ms"
        case .p999: "p99.9 ms"
        case .cleanStartSeconds: "closed in order, s"
        case .uncleanStartSeconds: "as a crash leaves it, s"
        case .residentMebibytes: "resident MiB"
        case .processorPercent: "% of a core"
        case .serverSecondsPerMillion: "server CPU s/million"
        case .clientSecondsPerMillion: "client CPU s/million"
        case .recordsPerFlush: "records/flush"
        }
    }

    /// How many decimals say something.
    var decimals: Int {
        switch self {
        case .recordsPerSecond, .deliveriesPerSecond, .megabytesPerSecond, .residentMebibytes: 0
        case .processorPercent, .recordsPerFlush: 1
        case .p50, .p99, .p999, .cleanStartSeconds, .uncleanStartSeconds: 2
        case .serverSecondsPerMillion, .clientSecondsPerMillion: 2
        }
    }
}

/// A contender's figures of one round.
typealias Measurement = [Metric: Double]
