import ArgumentParser
import BenchSupport

/// `store-bench append`: the store alone beside fio with the same pattern.
struct AppendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append",
        abstract: "Append pre-built 64 KiB batches, each flushed, beside fio that writes and flushes 64 KiB."
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "How long each round takes.")
    var seconds = 5

    private static let batchBytes = 64 << 10

    @Option(help: "One of the things alone: store, growing (fio, a growing file) or pre-written (fio, over and over).")
    var only: Thing?

    /// What can be measured.
    enum Thing: String, CaseIterable, ExpressibleByArgument {
        case store
        case growing
        case preWritten = "pre-written"

        var title: String {
            switch self {
            case .store: "the store, one partition"
            case .growing: "fio, a growing file"
            case .preWritten: "fio, a pre-written file"
            }
        }
    }

    func run() throws {
        try options.withScratch { scratch in
            let things = only.map { [$0] } ?? Thing.allCases
            var series: [Thing: Series] = [:]
            for _ in 0..<options.rounds {
                for thing in things { series[thing, default: Series()].add(try measure(thing, scratch) / 1e6) }
            }
            let store = series[.store] ?? Series()
            var report = Report()
            for thing in things {
                let mine = series[thing] ?? Series()
                var cells = [Report.Cell("64 KiB, each flushed", thing.title), Report.Cell("MB/s", mine, 0)]
                if only == nil { cells.append(Report.Cell("store : this", store.ratio(to: mine), 2)) }
                report.add(cells)
            }
            report.show(options.output)
        }
    }

    /// Bytes a second.
    private func measure(_ thing: Thing, _ scratch: String) throws -> Double {
        let fio = Fio(directory: scratch, seconds: seconds, blockBytes: Self.batchBytes)
        return switch thing {
        case .store: try append(scratch)
        case .growing: try fio.run(.growing)
        case .preWritten: try fio.run(.preWritten)
        }
    }

    /// Bytes a second.
    private func append(_ scratch: String) throws -> Double {
        let directory = "\(scratch)/append"
        defer { RunDirectory.remove(directory) }
        var pool = BatchPool(count: 64, batchBytes: Self.batchBytes, recordBytes: 1000)
        let store = try MeasuredStore(directory, partitions: 1)
        var bytes = 0
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(seconds) {
            let batch = pool.take()
            try store.commit([(0, batch)])
            bytes += batch.encodedBytes.value
        }
        let elapsed = (ContinuousClock.now - start).seconds
        try store.close()
        return Double(bytes) / elapsed
    }
}
