import NIOCore
import RecordFormat
import Testing

@Suite struct GoldenBatchTests {
    @Test(arguments: GoldenBatch.allCases) func decodesToTheKnownContents(golden: GoldenBatch) throws {
        let batch = try golden.batch
        let expected = golden.records
        #expect(try batch.decodedRecords() == expected)
        #expect(throws: Never.self) { try batch.verifyRecords() }
        #expect(batch.recordCount == expected.count)
        #expect(batch.baseOffset == .zero)
        #expect(batch.lastOffset == Offset(Int64(golden.lastOffsetDelta)))
        #expect(batch.nextOffset == Offset(Int64(golden.lastOffsetDelta) + 1))
        #expect(batch.lastOffsetDelta == golden.lastOffsetDelta)
        #expect(batch.isDense == GoldenBatch.dense.contains(golden))
        #expect(batch.leaderEpoch == LeaderEpoch(0))
        #expect(batch.baseTimestamp == golden.baseTimestamp)
        #expect(batch.deleteHorizon == (golden == .horizon ? golden.baseTimestamp : nil))
        #expect(batch.producerID == (golden == .sparse ? 1 << 62 + 5 : -1))
        #expect(batch.producerEpoch == (golden == .sparse ? 3 : -1))
        #expect(batch.baseSequence == (golden == .sparse ? 41 : -1))
        #expect(batch.maxTimestamp == expected.map(\.timestamp).max())
        #expect(batch.codec == ([.gzip, .sparseGzip].contains(golden) ? .gzip : .none))
        #expect(!batch.isJSON && !batch.isControl)
        #expect(batch.encodedBytes.value == (try golden.bytes).readableBytes)
    }

    @Test(arguments: GoldenBatch.dense.filter { $0 != .gzip })
    func theBuilderMakesTheSameBytes(golden: GoldenBatch) throws {
        var builder = RecordBatchBuilder()
        for record in golden.records { builder.append(record) }
        #expect(builder.encodedBytes.value == (try golden.bytes).readableBytes)
        var batch = builder.finish()
        // kafka-python leaves the epoch 0 for the broker to overwrite, we leave -1.
        #expect(batch.leaderEpoch == .unknown)
        batch.stamp(baseOffset: .zero, leaderEpoch: LeaderEpoch(0))
        #expect(batch.bytes.array == (try golden.bytes).array)
    }

    @Test func theBuildersGzipDecodesToTheSameRecords() throws {
        var builder = RecordBatchBuilder(isJSON: true)
        for record in GoldenBatch.gzip.records { builder.append(record) }
        let plainBytes = builder.encodedBytes
        let batch = try RecordBatch(verifying: try builder.finish(codec: .gzip).bytes)
        #expect(batch.codec == .gzip)
        #expect(batch.isJSON)
        #expect(batch.encodedBytes < plainBytes)
        #expect(batch.maxTimestamp == GoldenBatch.gzip.records.last?.timestamp)
        #expect(try batch.decodedRecords() == GoldenBatch.gzip.records)
    }

    @Test(arguments: GoldenBatch.allCases) func stampingKeepsTheChecksum(golden: GoldenBatch) throws {
        var batch = try golden.batch
        let before = batch
        batch.stamp(baseOffset: Offset(1 << 40), leaderEpoch: LeaderEpoch(7))
        let read = try RecordBatch(verifying: batch.bytes)
        #expect(read.baseOffset == Offset(1 << 40))
        #expect(read.leaderEpoch == LeaderEpoch(7))
        #expect(
            try read.decodedRecords().map(\.offset) == before.decodedRecords().map { $0.offset.advanced(by: 1 << 40) }
        )
        #expect(before.baseOffset == .zero)
        #expect(before.bytes.array[12...] != batch.bytes.array[12...])
        #expect(before.bytes.array[16...] == batch.bytes.array[16...])
    }
}
