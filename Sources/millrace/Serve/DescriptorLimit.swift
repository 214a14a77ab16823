import Glibc

/// The number of files and sockets that the process may have open, and who gets how many.
///
/// Connections are bounded so that they never take the last descriptors: clients wait to be accepted before the log
/// lacks a file.
struct DescriptorLimit {
    /// Segments that the store keeps open.
    let segments: Int
    /// Connections that the listener keeps open.
    let connections: Int

    /// What everything else takes: standard streams, the ring, three locks, the store's reserve and its files of a moment,
    /// reads under way, the scrub's and a compaction's files, the listener, and three descriptors for each event loop.
    static func overhead(cores: Int) -> Int { 32 + 3 * cores }

    /// The smallest limit with which a broker starts.
    static func least(cores: Int) -> Int { overhead(cores: cores) + segmentsMin + connectionsMin }

    private static let segmentsMin = 10
    private static let connectionsMin = 8
    private static let segmentsMax = 65_536

    /// Shares a limit out: half for segments, the rest for connections; nil when there is too little for both.
    init?(total: Int, cores: Int, connectionsMax: Int) {
        let shared = total - Self.overhead(cores: cores)
        guard shared >= Self.segmentsMin + Self.connectionsMin else { return nil }
        segments = min(max(shared / 2, Self.segmentsMin), Self.segmentsMax)
        connections = min(shared - segments, connectionsMax)
    }

    /// Raises the soft limit to the hard one, as servers do: the usual soft limit of 1024 is for programs that use select(2).
    /// - Returns: the limit in force; nil when the system does not tell.
    static func raise() -> Int? {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        let soft = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(resource, &limit) != 0 { limit.rlim_cur = soft }
        return Int(clamping: limit.rlim_cur)
    }

    /// The cores that event loops are made for.
    static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
