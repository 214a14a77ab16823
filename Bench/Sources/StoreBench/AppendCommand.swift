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

    func run() throws {
        try options.withScratch { scratch in
            let fio = Fio(directory: scratch, seconds: seconds, blockBytes: Self.batchBytes)
            var store = Series()
            var growing = Series()
            var preWritten = Series()
            for _ in 0..<options.rounds {
                store.add(try append(scratch) / 1e6)
                growing.add(try fio.run(.growing) / 1e6)
                preWritten.add(try fio.run(.preWritten) / 1e6)
            }
            report(store, growing, preWritten)
        }
    }

    private func report(_ store: Series, _ growing: Series, _ preWritten: Series) {
        var table = Table("64 KiB, each flushed", "MB/s", "store : this")
        table.add("the store, one partition", store.text(0), "1")
        table.add("fio, a growing file", growing.text(0), store.ratio(to: growing).text(2))
        table.add("fio, a pre-written file", preWritten.text(0), store.ratio(to: preWritten).text(2))
        table.show()
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
