import BenchSupport
import FoundationEssentials
import Glibc
import LoadGenerator

/// What the disk does, and the storage engine beside it: `store-bench` does the work, a round of it at a time.
enum Storage {
    /// The engine alone, or fio with the same pattern.
    static func append(_ name: String, _ what: String, _ durability: Durability, setup: String) -> Contender {
        Contender(name: name, durability: durability, setup: setup) { shop in
            let seconds = max(1, Int(shop.isQuick ? shop.seconds : 60))
            let rows = try run(shop, ["append", "--only", what, "--seconds", "\(seconds)"])
            return [.megabytesPerSecond: try number("MB/s", rows.first)]
        }
    }

    /// The broker's starts on a directory of a size.
    static func starts(mebibytes: (full: Int, quick: Int)) -> Contender {
        Contender(name: "Millrace", durability: .flushed, setup: "defaults; 8 partitions, caches dropped") { shop in
            let size = shop.size(mebibytes.full, quick: mebibytes.quick)
            let row = try run(shop, ["recovery", "--mebibytes", "\(size)"]).first
            return [
                .cleanStartSeconds: try number("closed in order, s", row),
                .uncleanStartSeconds: try number("as a crash leaves it, s", row),
            ]
        }
    }

    /// The broker with partitions that nobody uses.
    static func idle(partitions: Int) -> Contender {
        Contender(
            name: "Millrace, \(partitions) partitions",
            durability: .flushed,
            setup: "defaults; one record in each, after a restart"
        ) { shop in
            let idle = ["--seconds", shop.isQuick ? "3" : "10"]
            let row = try run(shop, ["memory", "--partitions", "\(partitions)"] + idle).first
            return [
                .residentMebibytes: try number("MiB after writing", row),
                .processorPercent: try number("% of a core, idle", row),
            ]
        }
    }

    /// One write of 4 KiB and one flush after the other, into a file that was written before, as the journal's ring was.
    static func flushes() -> Contender {
        Contender(
            name: "one fdatasync",
            durability: .limit,
            setup: "4 KiB into a file of 64 MiB that was written before, then fdatasync, again and again"
        ) { shop in
            let path = "\(shop.scratch)/flushes"
            let descriptor = try SystemFailure.check(open(path, O_CREAT | O_WRONLY, 0o644), "open", path)
            defer { close(descriptor) }
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
            let count = (64 << 20) / block.count
            for _ in 0..<count { try SystemFailure.check(write(descriptor, block, block.count), "write", path) }
            try SystemFailure.check(fdatasync(descriptor), "fdatasync", path)
            var times = LatencyHistogram()
            var place = 0
            let end = MonotonicClock.nanoseconds + Int64(min(shop.seconds, 5) * 1e9)
            while MonotonicClock.nanoseconds < end {
                let begin = MonotonicClock.nanoseconds
                let written = pwrite(descriptor, block, block.count, off_t(place * block.count))
                try SystemFailure.check(written, "pwrite", path)
                try SystemFailure.check(fdatasync(descriptor), "fdatasync", path)
                place = (place + 1) % count
                times.record(nanoseconds: MonotonicClock.nanoseconds - begin)
            }
            return [.p50: times.milliseconds(percentile: 50), .p99: times.milliseconds(percentile: 99)]
        }
    }

    private static func run(_ shop: Workshop, _ words: [String]) throws -> [[String: Cell]] {
        let options = ["--directory", shop.scratch, "--program", shop.program, "--rounds", "1", "--output", "json"]
        let text = try Tool.run([shop.storeBench] + words + options, log: shop.log)
        return try JSONDecoder().decode([[String: Cell]].self, from: Data(text.utf8))
    }

    private static func number(_ name: String, _ row: [String: Cell]?) throws -> Double {
        guard case .number(let value) = row?[name] else {
            throw Tool.Failed(description: "store-bench told no \(name)")
        }
        return value
    }

    /// A number or a word of a report.
    private enum Cell: Decodable {
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else {
                self = .text(try container.decode(String.self))
            }
        }
    }
}
