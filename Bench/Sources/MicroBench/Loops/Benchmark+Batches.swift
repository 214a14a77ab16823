import NIOCore
import RecordFormat

extension Benchmark {
    /// Whole numbers of variable length, as they stand around every record.
    static let varints = [
        Benchmark(
            name: "varint-write",
            about: "write the lengths and deltas of records",
            operation: "number",
            passesCounted: 100
        ) { _ in
            let numbers = recordNumbers
            var room = [UInt8](repeating: 0, count: numbers.count * Varint.bytesMax64)
            let expected = numbers.reduce(0) { $0 + Varint.size($1) }
            return HotLoop(operations: numbers.count) {
                let written = room.withUnsafeMutableBytes { room -> Int in
                    guard let base = room.baseAddress else { return 0 }
                    var position = 0
                    for number in numbers { position += Varint.write(number, to: base + position) }
                    return position
                }
                try WrongOutcome.check(written, is: expected, "bytes written")
            }
        },
        Benchmark(
            name: "varint-read",
            about: "read them",
            operation: "number",
            passesCounted: 100
        ) { _ in
            let numbers = recordNumbers
            let expected = numbers.reduce(0, &+)
            var encoded = ByteBuffer()
            for number in numbers { Varint.write(number, into: &encoded) }
            return HotLoop(operations: numbers.count) {
                let sum = encoded.withUnsafeReadableBytes { bytes -> Int64 in
                    var position = 0
                    var sum: Int64 = 0
                    while let number = Varint.read64(bytes, at: &position) { sum &+= number }
                    return sum
                }
                try WrongOutcome.check(sum, is: expected, "their sum")
            }
        },
    ]

    /// Record batches: what is done once when records come in, and once for each reader when they go out.
    static let batches = [
        Benchmark(
            name: "crc32c",
            about: "checksum 64 KiB with the processor's instruction",
            operation: "KiB",
            passesCounted: 50
        ) { _ in
            let bytes = (0..<64 << 10).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let expected = bytes.withUnsafeBytes { CRC32C.checksumByTable($0) }
            try WrongOutcome.check(CRC32C.isHardware, is: true, "whether the processor's instruction is used")
            return HotLoop(operations: 64, bytes: bytes.count) {
                try WrongOutcome.check(bytes.withUnsafeBytes { CRC32C.checksum($0) }, is: expected, "the checksum")
            }
        },
        Benchmark(
            name: "batch-build",
            about: "encode records into a batch of 500, and seal it",
            operation: "record",
            passesCounted: 20
        ) { _ in
            let records = SampleRecords(count: SampleRecords.batchRecords)
            let expected = records.batch(0..<records.values.count).checksum
            return HotLoop(operations: records.values.count, bytes: records.values.count * SampleRecords.valueBytes) {
                let batch = records.batch(0..<records.values.count)
                try WrongOutcome.check(batch.checksum, is: expected, "the batch's checksum")
            }
        },
        Benchmark(
            name: "batch-verify",
            about: "verify header and checksum of a batch of 500, as every read does",
            operation: "record",
            passesCounted: 100
        ) { _ in
            let records = SampleRecords(count: SampleRecords.batchRecords)
            let bytes = records.batch(0..<records.values.count).bytes
            return HotLoop(operations: records.values.count, bytes: bytes.readableBytes) {
                let batch = try RecordBatch(verifying: bytes)
                try WrongOutcome.check(batch.recordCount, is: records.values.count, "records of the batch")
            }
        },
        Benchmark(
            name: "batch-walk",
            about: "walk over the records of a batch of 500, checking each",
            operation: "record",
            passesCounted: 40
        ) { _ in
            let records = SampleRecords(count: SampleRecords.batchRecords)
            let batch = records.batch(0..<records.values.count)
            let expected = records.values.count * SampleRecords.valueBytes
            return HotLoop(operations: records.values.count, bytes: batch.encodedBytes.value) {
                var sum = 0
                try batch.forEachRecord { record, _ in sum += record.value?.count ?? 0 }
                try WrongOutcome.check(sum, is: expected, "bytes of all values")
            }
        },
    ]

    /// What stands around records such as those of the samples: length, time, place, key and value lengths, header count.
    private static let recordNumbers: [Int64] = (0..<500).flatMap { index -> [Int64] in
        [114, Int64(index), Int64(index), 6, 100, 0]
    }
}
