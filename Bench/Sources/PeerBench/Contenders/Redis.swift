import BenchSupport

/// Redis Streams, with `redis-benchmark` and a client of our own for groups.
enum Redis {
    /// A value of 100 bytes.
    private static let value = String(repeating: "millrace-x", count: 10)

    /// `XADD` over so many connections, so many of them at once on each.
    static func add(_ flush: RedisFlush, connections: Int, pipelined: Int = 1) -> Contender {
        let pipeline = pipelined > 1 ? ", \(pipelined) at once on each" : ""
        let work = "redis-benchmark, XADD to one stream, \(connections) connections\(pipeline)"
        return Contender(
            name: "Redis, fsync \(flush.rawValue)",
            durability: flush.durability,
            setup: "redis.conf, appendfsync \(flush.rawValue); \(work)"
        ) { shop in
            let server = try shop.redis(flush)
            // A first run finds out how many make up the time, and warms up.
            let some = max(10_000, pipelined * connections * 4)
            let rate = try benchmark(shop, server, connections, pipelined, count: some)[.recordsPerSecond] ?? 10_000
            let count = max(10_000, Int(rate * shop.seconds))
            let before = try length(server)
            let used = try server.family.processorSeconds()
            var figures = try benchmark(shop, server, connections, pipelined, count: count)
            let found = try length(server) - before
            guard found >= count else { throw Tool.Failed(description: "\(found) of \(count) are in the stream") }
            let usedAfter = try server.family.processorSeconds()
            figures[.serverSecondsPerMillion] = (usedAfter - used) * 1_000_000 / Double(found)
            figures[.residentMebibytes] = try server.family.residentMebibytes()
            return figures
        }
    }

    /// The members of a group, each reading and acknowledging.
    static func group(records: (full: Int, quick: Int), members: Int) -> Contender {
        let work = "\(members) members, COUNT 1000, each XACK sent along with the next XREADGROUP"
        return Contender(
            name: "Redis, XREADGROUP and XACK",
            durability: .flushed,
            setup: "redis.conf, appendfsync always; \(work)"
        ) { shop in
            let server = try shop.redis(.always)
            let wanted = shop.size(records.full, quick: records.quick)
            _ = try benchmark(shop, server, 4, 1000, count: wanted)
            let count = try length(server)
            try command(server, ["XGROUP", "CREATE", "events", "readers", "0"])
            let used = try server.family.processorSeconds()
            let client = ["\(shop.tools)/redis-group", "\(server.port)", "\(members)", "1000", "\(count)"]
            let line = try Tool.run(client, log: shop.log)
            let usedAfter = try server.family.processorSeconds()
            return [
                .recordsPerSecond: Double(count) / (try Tool.number("seconds", in: line)),
                .serverSecondsPerMillion: (usedAfter - used) * 1_000_000 / Double(count),
                .residentMebibytes: try server.family.residentMebibytes(),
            ]
        }
    }

    @discardableResult
    private static func command(_ server: PeerProcess, _ words: [String]) throws -> String {
        try Tool.run(["redis-cli", "-h", "127.0.0.1", "-p", "\(server.port)"] + words)
    }

    private static func length(_ server: PeerProcess) throws -> Int {
        let text = try command(server, ["XLEN", "events"])
        guard let length = Int(text) else { throw Tool.Failed(description: "XLEN answered \(text)") }
        return length
    }

    /// One run; its last line is the test's name and rps, avg, min, p50, p95, p99 and max in milliseconds.
    private static func benchmark(
        _ shop: Workshop,
        _ server: PeerProcess,
        _ connections: Int,
        _ pipelined: Int,
        count: Int
    ) throws -> Measurement {
        let options = ["-c", "\(connections)", "-P", "\(pipelined)", "-n", "\(count)", "--csv"]
        let work = ["XADD", "events", "*", "n", value]
        let program = ["redis-benchmark", "-h", "127.0.0.1", "-p", "\(server.port)"]
        let text = try Tool.run(program + options + work, log: shop.log)
        let cells = (text.split(separator: "\n").last ?? "").split(separator: ",").suffix(7)
        let numbers = cells.compactMap { cell in Double(cell.filter { $0 != "\"" }) }
        guard numbers.count == 7 else { throw Tool.Failed(description: "redis-benchmark printed \(text)") }
        return [.recordsPerSecond: numbers[0], .p50: numbers[3], .p99: numbers[5]]
    }
}
