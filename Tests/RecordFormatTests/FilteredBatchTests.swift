import NIOCore
import RecordFormat
import Testing

@Suite struct FilteredBatchTests {
    private static let day: Int64 = 86_400_000

    @Test func keepingNothingIsNil() throws {
        for golden in GoldenBatch.allCases {
            #expect(try golden.batch.filtered { _, _ in false } == nil)
        }
    }

    @Test func keepingAllIsTheSameBatch() throws {
        for golden in GoldenBatch.allCases {
            let batch = try golden.batch
            #expect(try batch.filtered { _, _ in true }?.bytes == batch.bytes)
        }
        // No tombstone, no horizon.
        let batch = try GoldenBatch.gzip.batch
        #expect(try batch.filtered(deleteHorizon: .epoch) { _, _ in true } == batch)
    }

    /// An independent writer made the file that is expected.
    @Test func theSparseGoldenFileIsMade() throws {
        var builder = RecordBatchBuilder()
        let kept = GoldenBatch.sparse.records
        for offset in 0..<12 as Range<Int64> {
            let filler = DecodedRecord(timestamp: Timestamp(millisecondsSinceEpoch: GoldenBatch.time))
            builder.append(kept.first { $0.offset == Offset(offset) } ?? filler)
        }
        var batch = builder.finish().stamping(producerID: 1 << 62 + 5, epoch: 3, sequence: 41)
        batch.stamp(baseOffset: .zero, leaderEpoch: LeaderEpoch(0))
        let filtered = try batch.filtered { record, _ in kept.contains { $0.offset == record.offset } }
        #expect(try filtered?.bytes.array == GoldenBatch.sparse.bytes.array)
    }

    @Test func theHorizonGoldenFileIsMade() throws {
        let kept = GoldenBatch.horizon.records
        let horizon = Timestamp(millisecondsSinceEpoch: GoldenBatch.time + Self.day)
        let batch = try dense(kept, count: 6)
        let filtered = try batch.filtered(deleteHorizon: horizon) { record, _ in
            kept.contains { $0.offset == record.offset }
        }
        #expect(try filtered?.bytes.array == GoldenBatch.horizon.bytes.array)
        // The same where nothing is dropped, and in two steps.
        let thinned = try batch.filtered { record, _ in kept.contains { $0.offset == record.offset } }
        #expect(try thinned?.filtered(deleteHorizon: horizon) { _, _ in true } == filtered)
    }

    @Test func aHorizonThatIsThereStays() throws {
        let batch = try GoldenBatch.horizon.batch
        let later = try #require(batch.deleteHorizon).advanced(byMilliseconds: Self.day)
        #expect(try batch.filtered(deleteHorizon: later) { _, _ in true } == batch)
        let fewer = try #require(try batch.filtered(deleteHorizon: later) { record, _ in record.isTombstone })
        #expect(fewer.deleteHorizon == batch.deleteHorizon)
        #expect(try fewer.decodedRecords() == [GoldenBatch.horizon.records[1]])
        let without = try #require(try batch.filtered { record, _ in !record.isTombstone })
        #expect(without.deleteHorizon == batch.deleteHorizon)
        #expect(try without.decodedRecords() == [GoldenBatch.horizon.records[0], GoldenBatch.horizon.records[2]])
    }

    @Test func gzipStaysGzip() throws {
        let filtered = try GoldenBatch.gzip.batch.filtered { record, _ in record.offset.value % 3 == 1 }
        let batch = try RecordBatch(verifying: try #require(filtered).bytes)
        #expect(batch.codec == .gzip)
        #expect(batch.lastOffset == Offset(39))
        #expect(try batch.decodedRecords() == GoldenBatch.sparseGzip.records)
        #expect(batch.maxTimestamp == GoldenBatch.sparseGzip.records.last?.timestamp)
        // Compressed, one small record is larger than plain.
        let one = try #require(try batch.filtered { record, _ in record.offset == Offset(4) })
        #expect(one.codec == .none)
        #expect(try one.decodedRecords() == [GoldenBatch.sparseGzip.records[1]])
    }

    @Test func thePredicateSeesKeysAndItsErrorsEndTheWalk() throws {
        struct Enough: Error {}
        var keys: [String?] = []
        #expect(throws: Enough.self) {
            try GoldenBatch.mixed.batch.filtered { record, raw in
                keys.append(record.key.map { String(decoding: raw[$0], as: UTF8.self) })
                if record.isTombstone { throw Enough() }
                return true
            }
        }
        #expect(keys == ["u1", nil, "u2"])
    }

    @Test(arguments: 0..<4) func randomBatchesAgreeWithTheModel(run: UInt64) throws {
        let seed: UInt64 = 0x6669_6C74_6572 + run
        var generator = SeededGenerator(seed: seed)
        for round in 0..<60 {
            var batch = try generator.batch()
            // Twice, so that sparse batches and those with a horizon are filtered, too.
            for _ in 0..<2 {
                let horizon =
                    generator.chance(2) ? nil : Timestamp(millisecondsSinceEpoch: Int64(generator.next() >> 20))
                let rate = generator.next() % 5
                let kept = Set(try batch.decodedRecords().map(\.offset).filter { _ in generator.next() % 4 < rate })
                let filtered = try batch.filtered(deleteHorizon: horizon) { record, _ in kept.contains(record.offset) }
                let model = Model(batch, kept: kept, horizon: horizon)
                try model.check(filtered, "seed \(seed), round \(round)")
                guard let filtered else { break }
                batch = filtered
            }
        }
    }

    private func dense(_ kept: [DecodedRecord], count: Int64) throws -> RecordBatch {
        var builder = RecordBatchBuilder()
        for offset in 0..<count {
            let filler = DecodedRecord(timestamp: Timestamp(millisecondsSinceEpoch: GoldenBatch.time))
            builder.append(kept.first { $0.offset == Offset(offset) } ?? filler)
        }
        var batch = builder.finish()
        batch.stamp(baseOffset: .zero, leaderEpoch: LeaderEpoch(0))
        return batch
    }
}

/// What a filter has to make of a batch, by the plainest means.
private struct Model {
    let batch: RecordBatch
    let kept: Set<Offset>
    let horizon: Timestamp?

    init(_ batch: RecordBatch, kept: Set<Offset>, horizon: Timestamp?) {
        self.batch = batch
        self.kept = kept
        self.horizon = horizon
    }

    func check(_ filtered: RecordBatch?, _ note: Comment) throws {
        let records = try batch.decodedRecords()
        let expected = records.filter { kept.contains($0.offset) }
        guard let filtered else {
            #expect(expected.isEmpty, note)
            return
        }
        let stamps = batch.deleteHorizon == nil && expected.contains { $0.value == nil } ? horizon : nil
        if expected.count == records.count, stamps == nil { #expect(filtered == batch, note) }
        let read = try RecordBatch(verifying: filtered.bytes)
        #expect(try read.decodedRecords() == expected, note)
        #expect(read.recordCount == expected.count, note)
        #expect(read.baseOffset == batch.baseOffset && read.lastOffset == batch.lastOffset, note)
        #expect(read.leaderEpoch == batch.leaderEpoch, note)
        #expect(read.deleteHorizon == stamps ?? batch.deleteHorizon, note)
        #expect(read.baseTimestamp == stamps ?? batch.baseTimestamp, note)
        #expect(read.maxTimestamp == expected.map(\.timestamp).max(), note)
        #expect(read.producerID == batch.producerID && read.producerEpoch == batch.producerEpoch, note)
        #expect(read.baseSequence == batch.baseSequence, note)
        #expect(read.isJSON == batch.isJSON, note)
        #expect(
            read.attributes.contains(.logAppendTime) == batch.attributes.contains(.logAppendTime),
            note
        )
        #expect(read.codec == batch.codec || read.codec == .none, note)
    }
}
