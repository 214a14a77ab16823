import NIOCore
import RecordFormat
import Testing

@Suite struct ContentChecksumTests {
    /// CRC-32C of the key's length, the key, the value's, the value, and a count of no headers, all as varints.
    @Test func itIsOfTheEncodedParts() throws {
        let content: [UInt8] = [2, UInt8(ascii: "k"), 4, UInt8(ascii: "v"), UInt8(ascii: "w"), 0]
        let expected = content.withUnsafeBytes { CRC32C.checksum($0) }
        #expect(try batch([record("k", "vw")]).contentChecksum() == expected)
    }

    @Test func itDoesNotDependOnTimeOrPlaceOrProducerOrCodec() throws {
        let seed: UInt64 = 0x636F_6E74_656E_74
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            var records = (0..<Int.random(in: 1...50, using: &generator)).map { generator.record($0) }
            records.append(record("again", String(repeating: "again", count: 100)))
            let first = try batch(records)
            for index in records.indices { records[index].timestamp = generator.record(0).timestamp }
            var second = try batch(records, codec: .gzip, isJSON: true).stamping(producerID: 7, epoch: 1, sequence: 3)
            second.stamp(baseOffset: Offset(1 << 40), leaderEpoch: LeaderEpoch(9))
            #expect(first.codec == .none && first != second)
            #expect(try first.contentChecksum() == second.contentChecksum(), "seed \(seed)")
        }
    }

    @Test func itDoesNotDependOnWhereBatchesEnd() throws {
        let records = GoldenBatch.mixed.records
        let whole = try GoldenBatch.mixed.batch.contentChecksum()
        for split in 1..<records.count {
            let first = try batch(Array(records[..<split])).contentChecksum()
            let second = try batch(Array(records[split...]), codec: .gzip).contentChecksum(seed: first)
            #expect(second == whole)
        }
    }

    @Test func whateverDiffersInContentDiffers() throws {
        let header = RecordHeader(name: ByteBuffer(string: "n"), value: ByteBuffer(string: "v"))
        let empty = RecordHeader(name: ByteBuffer(string: "n"), value: ByteBuffer())
        let null = RecordHeader(name: ByteBuffer(string: "n"), value: nil)
        let contents: [[DecodedRecord]] = [
            [record(nil, nil)], [record("", nil)], [record(nil, "")], [record("", "")],
            [record("a", "b")], [record("ab", "")], [record("", "ab")], [record("b", "a")], [record(nil, "ab")],
            [record("a", "b"), record("c", "d")], [record("c", "d"), record("a", "b")],
            [record("a", "b"), record("a", "b")],
            [record("a", "b", [header])], [record("a", "b", [empty])], [record("a", "b", [null])],
            [record("a", "b", [header, empty])], [record("a", "b", [empty, header])],
        ]
        let checksums = try contents.map { try batch($0).contentChecksum() }
        #expect(Set(checksums).count == contents.count)
    }

    @Test func theTraceDoesNotCount() throws {
        let other = RecordHeader(name: ByteBuffer(string: "n"), value: ByteBuffer(string: "v"))
        let null = RecordHeader(name: ByteBuffer(string: "m"), value: nil)
        let traces = ["one", "another"].map {
            RecordHeader(name: ByteBuffer(string: "traceparent"), value: ByteBuffer(string: $0))
        }
        let plain = try batch([record("a", "b", [null, other])]).contentChecksum()
        for headers in [[null, other, traces[0]], [traces[1], null, other], [null, traces[0], other, traces[1]]] {
            #expect(try batch([record("a", "b", headers)]).contentChecksum() == plain)
        }
        #expect(try batch([record("a", "b", [other, null, traces[0]])]).contentChecksum() != plain)
        #expect(
            try batch([record("a", "b", [traces[0]])]).contentChecksum() == batch([record("a", "b")]).contentChecksum()
        )
    }

    @Test func damageAndOtherCodecsThrow() throws {
        var bytes = try GoldenBatch.mixed.bytes.array
        bytes[BatchHeader.size] ^= 2
        let damaged = try RecordBatch(verifying: resealed(bytes))
        #expect(throws: FormatError.self) { try damaged.contentChecksum() }
        bytes = try GoldenBatch.mixed.bytes.array
        bytes[22] = 4
        let zstd = try RecordBatch(verifying: resealed(bytes))
        let error = #expect(throws: FormatError.self) { try zstd.contentChecksum() }
        #expect(error?.kind == .codec && error?.text.contains("zstd") == true)
        let bounded = #expect(throws: FormatError.self) {
            try GoldenBatch.gzip.batch.contentChecksum(inflatedBytesMax: ByteCount(100))
        }
        #expect(bounded?.kind == .tooLarge)
    }

    private func batch(_ records: [DecodedRecord], codec: Codec = .none, isJSON: Bool = false) throws -> RecordBatch {
        var builder = RecordBatchBuilder(isJSON: isJSON)
        for record in records { builder.append(record) }
        return try builder.finish(codec: codec)
    }

    private func record(_ key: String?, _ value: String?, _ headers: [RecordHeader] = []) -> DecodedRecord {
        DecodedRecord(
            timestamp: .epoch,
            key: key.map { ByteBuffer(string: $0) },
            value: value.map { ByteBuffer(string: $0) },
            headers: headers
        )
    }
}
