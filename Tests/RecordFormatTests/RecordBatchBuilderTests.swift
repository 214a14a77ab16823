import NIOCore
import RecordFormat
import Testing

@Suite struct RecordBatchBuilderTests {
    @Test func anEmptyBuilderIsAHeader() {
        let builder = RecordBatchBuilder()
        #expect(builder.recordCount == 0)
        #expect(builder.encodedBytes.value == BatchHeader.size)
    }

    @Test func aNewBatchHasNoPlaceAndNoProducer() {
        var builder = RecordBatchBuilder(isJSON: true)
        builder.append(DecodedRecord(timestamp: .epoch, value: ByteBuffer(string: "1")))
        let batch = builder.finish()
        #expect(batch.isJSON)
        #expect(batch.codec == .none)
        #expect(batch.baseOffset == .zero)
        #expect(batch.leaderEpoch == .unknown)
        batch.bytes.withUnsafeReadableBytes { bytes in
            #expect(BatchHeader.producerID(bytes) == -1)
            #expect(BatchHeader.producerEpoch(bytes) == -1)
            #expect(BatchHeader.baseSequence(bytes) == -1)
        }
    }

    @Test func finishingEmptiesTheBuilder() throws {
        var builder = RecordBatchBuilder(capacity: ByteCount(100))
        builder.append(DecodedRecord(timestamp: Timestamp(millisecondsSinceEpoch: 9), value: ByteBuffer(string: "a")))
        let first = builder.finish()
        #expect(builder.recordCount == 0)
        #expect(builder.encodedBytes.value == BatchHeader.size)
        builder.append(DecodedRecord(timestamp: Timestamp(millisecondsSinceEpoch: 3), value: ByteBuffer(string: "b")))
        let second = builder.finish()
        #expect(try first.decodedRecords().map(\.value) == [ByteBuffer(string: "a")])
        #expect(try second.decodedRecords().map(\.value) == [ByteBuffer(string: "b")])
        #expect(second.maxTimestamp.millisecondsSinceEpoch == 3)
    }

    @Test func anyTwoTimestampsSurvive() throws {
        let times = [0, Int64.min, Int64.max, -1, 1].map { Timestamp(millisecondsSinceEpoch: $0) }
        var builder = RecordBatchBuilder()
        for time in times { builder.append(DecodedRecord(timestamp: time)) }
        let batch = builder.finish()
        #expect(try batch.decodedRecords().map(\.timestamp) == times)
        #expect(batch.maxTimestamp.millisecondsSinceEpoch == Int64.max)
    }

    @Test func randomRecordsSurvive() throws {
        let seed: UInt64 = 0x6275_696C_6465_72
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let count = Int.random(in: 1...150, using: &generator)
            let records = (0..<count).map { generator.record($0) }
            var builder = RecordBatchBuilder(capacity: .zero)
            var bound = ByteCount(BatchHeader.size)
            for record in records {
                builder.append(record)
                bound += upperBound(of: record)
                #expect(builder.encodedBytes <= bound)
            }
            #expect(builder.recordCount == count)
            let codec: Codec = generator.next().isMultiple(of: 3) ? .gzip : .none
            let batch = try RecordBatch(verifying: try builder.finish(codec: codec).bytes)
            #expect(try batch.decodedRecords() == records, "seed \(seed)")
        }
    }

    @Test func whatGetsNoSmallerStaysPlain() throws {
        var generator = SeededGenerator(seed: 0x706C_6169_6E)
        let record = DecodedRecord(timestamp: .epoch, value: ByteBuffer(bytes: generator.bytes(2000)))
        var plain = RecordBatchBuilder(isJSON: true)
        plain.append(record)
        var compressing = plain
        let batch = try compressing.finish(codec: .gzip)
        #expect(batch.codec == .none && batch.isJSON)
        #expect(batch == plain.finish())
        #expect(compressing.recordCount == 0)
        #expect(try RecordBatch(verifying: batch.bytes).decodedRecords() == [record])
    }

    @Test func encodedHeadersAreCopiedWhole() throws {
        let source = try GoldenBatch.mixed.batch
        var builder = RecordBatchBuilder()
        try source.forEachRecord { record, raw in
            builder.append(
                timestamp: record.timestamp,
                key: record.key.map { UnsafeRawBufferPointer(rebasing: raw[$0]) },
                value: record.value.map { UnsafeRawBufferPointer(rebasing: raw[$0]) },
                encodedHeaders: UnsafeRawBufferPointer(rebasing: raw[record.headers]),
                headerCount: record.headerCount
            )
        }
        #expect(try builder.finish().decodedRecords() == GoldenBatch.mixed.records)
    }

    @Test func aHeaderListIsReusable() {
        var headers = HeaderList()
        headers.append(name: "a", value: "b")
        #expect(headers.count == 1)
        #expect(headers.encoded.array == [2, UInt8(ascii: "a"), 2, UInt8(ascii: "b")])
        #expect(headers.encodedBytes == ByteCount(4))
        headers.removeAll()
        #expect(headers == .none)
    }

    @Test(arguments: [Codec.snappy, .lz4, .zstd]) func otherCodecsAreRefused(codec: Codec) {
        var builder = RecordBatchBuilder()
        builder.append(DecodedRecord(timestamp: .epoch))
        let error = #expect(throws: FormatError.self) { try builder.finish(codec: codec) }
        #expect(error?.text.contains(codec.description) == true)
    }

    private func upperBound(of record: DecodedRecord) -> ByteCount {
        var headers = HeaderList()
        for header in record.headers {
            header.name.withUnsafeReadableBytes { name in
                guard let value = header.value else { return headers.append(name: name, value: nil) }
                value.withUnsafeReadableBytes { headers.append(name: name, value: $0) }
            }
        }
        return RecordBatchBuilder.encodedBytesMax(
            key: ByteCount(record.key?.readableBytes ?? 0),
            value: ByteCount(record.value?.readableBytes ?? 0),
            headers: headers.encodedBytes
        )
    }
}
