import BenchSupport
import NIOCore
import RecordFormat

/// Batches built before anything is measured; no two have the same bytes.
struct BatchPool {
    private let batches: [RecordBatch]
    private var next = 0

    /// So many batches of about this size, of records of random bytes.
    init(count: Int, batchBytes: Int, recordBytes: Int) {
        var random = SplitMix(seed: .random(in: .min ... .max))
        batches = (0..<count).map { _ in
            var builder = RecordBatchBuilder(capacity: ByteCount(batchBytes))
            while builder.recordCount == 0 || builder.encodedBytes.value + recordBytes + 16 <= batchBytes {
                let bytes = (0..<(recordBytes / 8 + 1)).map { _ in random.next() }
                bytes.withUnsafeBytes { raw in
                    builder.append(
                        timestamp: .epoch,
                        key: nil,
                        value: UnsafeRawBufferPointer(rebasing: raw.prefix(recordBytes))
                    )
                }
            }
            return builder.finish()
        }
    }

    mutating func take() -> RecordBatch {
        defer { next = (next + 1) % batches.count }
        return batches[next]
    }
}
