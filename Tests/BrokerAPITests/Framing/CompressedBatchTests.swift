import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Records read the same whether their batches are compressed or not.
@Suite struct CompressedBatchTests {
    private static let path = "/v1/topics/orders/records"
    private static let queries: [(String, HTTPFields)] = [
        ("", [:]), ("", [.accept: "application/x-ndjson"]), ("?watch=true&timeout=1", [:]),
        ("?timeout=1", [.accept: "text/event-stream"]), ("?limit=7", [:]),
    ]

    @Test func theIntakeCompresses() throws {
        let batches = try batches(count: 200, codec: .gzip)
        let plain = try self.batches(count: 200, codec: .none)
        #expect(batches.map(\.codec) == [.gzip] && plain.map(\.codec) == [.none])
        #expect(batches[0].isJSON && plain[0].isJSON)
        #expect(batches[0].encodedBytes < plain[0].encodedBytes)
        #expect(try batches[0].decodedRecords() == plain[0].decodedRecords())
        #expect(try batches[0].contentChecksum() == plain[0].contentChecksum())
    }

    /// The bound is on what readers have to inflate, not on what gzip makes of it.
    @Test func batchesEndWhereTheyWouldWithoutCompression() throws {
        var limits = Limits()
        limits.batchBytesMax = .kibibytes(4)
        let batches = try batches(count: 200, codec: .gzip, limits: limits)
        let plain = try self.batches(count: 200, codec: .none, limits: limits)
        #expect(batches.count > 2)
        #expect(batches.map(\.recordCount) == plain.map(\.recordCount))
        #expect(batches.allSatisfy { $0.codec == .gzip })
    }

    @Test func everyFramingReadsTheSame() async throws {
        // 4,000 records of 100 bytes: several pieces of a stream within one batch.
        let zipped = try await answers(codec: .gzip, count: 4000)
        let plain = try await answers(codec: .none, count: 4000)
        #expect(zipped == plain)
        #expect(plain.allSatisfy { $0.contains("value 6 ") })
    }

    @Test func aSparseBatchLeavesItsGapsOut() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let dense = try batches(count: 60, codec: .gzip)[0]
        let sparse = try #require(try dense.filtered { record, _ in record.offset.value % 20 == 3 })
        #expect(sparse.codec == .gzip)
        try await harness.engine.store(topic, 0, [sparse])
        let lines = try await harness.send(.get, Self.path, headers: [.accept: "application/x-ndjson"]).lines()
        let offsets = lines.filter { $0["type"] == .string("record") }.map { $0["offset"]?.integer }
        #expect(offsets == [3, 23, 43])
    }

    @Test func aBombIsAnErrorThatNamesTheBound() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        var builder = RecordBatchBuilder()
        builder.append(DecodedRecord(timestamp: .epoch, value: ByteBuffer(repeating: 0, count: 64 << 20)))
        try await harness.engine.store(topic, 0, [try builder.finish(codec: .gzip)])
        let answer = await harness.send(.get, Self.path)
        #expect(answer.status == 500 && answer.code == "corrupt")
        #expect(answer.detail.contains("64 MiB"))
    }

    @Test func anotherCodecIsAnErrorThatNamesIt() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        var bytes = try batches(count: 2, codec: .none)[0].bytes
        bytes.setInteger(UInt8(4), at: bytes.readerIndex + 22)
        let checksum = bytes.withUnsafeReadableBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[21...])) }
        bytes.setInteger(checksum, at: bytes.readerIndex + 17)
        try await harness.engine.store(topic, 0, [try RecordBatch(verifying: bytes)])
        let answer = await harness.send(.get, Self.path)
        #expect(answer.status == 501 && answer.code == "not-implemented")
        #expect(answer.detail.contains("zstd"))
    }

    private func answers(codec: Codec, count: Int) async throws -> [String] {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let batches = try batches(count: count, codec: codec)
        #expect(batches.map(\.codec) == [codec])
        try await harness.engine.store(topic, 0, batches)
        var answers: [String] = []
        for (query, headers) in Self.queries {
            answers.append(await harness.send(.get, Self.path + query, headers: headers).text)
        }
        return answers
    }

    private func batches(count: Int, codec: Codec, limits: Limits = Limits()) throws -> [RecordBatch] {
        var intake = RecordIntake(
            topic: try TopicName(validating: "orders"),
            codec: codec,
            partitionCount: 1,
            sticky: PartitionIndex(0),
            now: .epoch,
            limits: limits,
            recordsMax: count,
            keepsPlaces: false
        )
        for index in 0..<count {
            let value = Array("\"value \(index) \(String(repeating: "of many words ", count: 6))\"".utf8)
            try value.withUnsafeBytes { value in
                var parts = RecordParts(kind: .json, timestamp: .epoch)
                parts.value = value
                try intake.append(parts, headers: .none, place: .body)
            }
        }
        return try intake.finish().flatMap(\.batches)
    }
}
