import ArgumentParser
import BenchSupport
import Glibc
import RecordFormat

/// `store-bench fill`: makes a directory of a size for the measurement of recovery, and ends in order or as a crash would.
struct FillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Fill a data directory; used by recovery.",
        shouldDisplay: false
    )

    @Option var data: String
    @Option var mebibytes: Int
    @Option var partitions = 8
    @Flag var unclean = false

    func run() throws {
        var pool = BatchPool(count: 64, batchBytes: 64 << 10, recordBytes: 1000)
        let store = try MeasuredStore(data, partitions: Int32(partitions))
        var left = mebibytes << 20
        var partition = 0
        while left > 0 {
            var round: [(partition: Int, batch: RecordBatch)] = []
            for _ in 0..<8 {
                let batch = pool.take()
                left -= batch.encodedBytes.value
                round.append((partition % partitions, batch))
                partition += 1
            }
            try store.commit(round)
        }
        // Nothing is closed, no checkpoint taken: as if the process had been killed.
        if unclean { _exit(0) }
        try store.close()
    }
}
