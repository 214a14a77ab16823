import NIOCore
import RecordFormat
import Testing

@Suite struct RecordBatchTests {
    @Test func theLengthIsReadFromTwelveBytes() throws {
        let bytes = try GoldenBatch.mixed.bytes.array
        func length(_ prefix: [UInt8]) -> Int? { prefix.withUnsafeBytes { RecordBatch.length(inPrefix: $0) } }
        #expect(length(Array(bytes[..<12])) == bytes.count)
        #expect(length(bytes) == bytes.count)
        #expect(length(Array(bytes[..<11])) == nil)
        #expect(length([]) == nil)
        for (batchLength, expected) in [(48, nil), (49, 61), (0, nil), (-1, nil), (Int32.min, nil)] as [(Int32, Int?)] {
            var prefix = ByteBuffer(integer: Int64(0))
            prefix.writeInteger(batchLength)
            #expect(length(prefix.array) == expected)
        }
        var largest = ByteBuffer(integer: Int64(0))
        largest.writeInteger(Int32.max)
        #expect(length(largest.array) == Int(Int32.max) + 12)
    }

    @Test func eachHeaderFieldIsRefusedByItsName() throws {
        #expect(try kind { $0[16] = 1 } == .magic)
        #expect(try kind { $0[16] = 0 } == .magic)
        #expect(try kind { $0[22] = 5 } == .codec)
        #expect(try kind { $0[22] = 7 } == .codec)
        // Count 7 where the last delta has room for 6 records, then a last delta that is too small, then none at all.
        #expect(try kind { $0[60] = 7 } == .count)
        #expect(try kind { $0[26] = 4 } == .count)
        #expect(try kind { $0.replaceSubrange(57..<61, with: [0, 0, 0, 0]) } == .count)
        #expect(try kind { $0.replaceSubrange(57..<61, with: [0xFF, 0xFF, 0xFF, 0xFF]) } == .count)
        #expect(try kind { $0[0] = 0x80 } == .count)
        #expect(try kind { $0.replaceSubrange(0..<8, with: [0x7F] + Array(repeating: 0xFF, count: 7)) } == .count)
    }

    @Test func aCountThatTheRecordsDoNotHaveIsNoticedInTheWalk() throws {
        for (count, kind) in [(5, .trailingBytes), (7, .truncated)] as [(UInt8, FormatError.Kind)] {
            var bytes = try GoldenBatch.mixed.bytes.array
            bytes[60] = count
            bytes[26] = 6
            let batch = try RecordBatch(verifying: resealed(bytes))
            let damaged = formatErrorKind { () throws(FormatError) in try batch.verifyRecords() }
            #expect(damaged == kind)
        }
    }

    @Test func aNewBatchMustBeDense() throws {
        for golden in GoldenBatch.allCases {
            let batch = try golden.batch
            let kind = formatErrorKind { () throws(FormatError) in try batch.verifyDense() }
            #expect(kind == (GoldenBatch.dense.contains(golden) ? nil : .count))
        }
    }

    /// The offset delta of the second record lies after its length, attributes and timestamp delta.
    @Test(arguments: [(0, false), (1, false), (2, true), (8, true), (9, false), (11, false), (12, false)])
    func offsetDeltasRiseToTheLast(delta: Int64, isValid: Bool) throws {
        var bytes = try GoldenBatch.sparse.bytes.array
        let second = BatchHeader.size + 1 + Int(Varint.unzigzag(UInt64(bytes[BatchHeader.size])))
        #expect(bytes[second + 3] == 8)
        bytes[second + 3] = UInt8(Varint.zigzag(delta))
        let batch = try RecordBatch(verifying: resealed(bytes))
        let kind = formatErrorKind { () throws(FormatError) in try batch.verifyRecords() }
        #expect(kind == (isValid ? nil : .count))
    }

    @Test func theLastOffsetIsPossible() throws {
        var bytes = try GoldenBatch.sparse.bytes.array
        bytes.replaceSubrange(0..<8, with: [0x7F] + Array(repeating: 0xFF, count: 6) + [0xFF - 12])
        let highest = try RecordBatch(verifying: resealed(bytes))
        #expect(highest.nextOffset == Offset(.max))
        bytes[7] += 1
        let damaged = resealed(bytes)
        #expect(formatErrorKind { () throws(FormatError) in _ = try RecordBatch(verifying: damaged) } == .count)
    }

    @Test(arguments: GoldenBatch.allCases) func aProducerIsStampedUnderTheChecksum(golden: GoldenBatch) throws {
        let before = try golden.batch
        let stamped = before.stamping(producerID: 1 << 62 + 9, epoch: 7, sequence: 1 << 30)
        let read = try RecordBatch(verifying: stamped.bytes)
        #expect(read.producerID == 1 << 62 + 9 && read.producerEpoch == 7 && read.baseSequence == 1 << 30)
        #expect(try read.decodedRecords() == golden.records)
        #expect(try before.bytes == golden.bytes)
        let again = read.stamping(
            producerID: before.producerID,
            epoch: before.producerEpoch,
            sequence: before.baseSequence
        )
        #expect(try again.bytes == golden.bytes)
    }

    @Test(arguments: [(UInt8(2), "snappy"), (3, "lz4"), (4, "zstd")])
    func otherCodecsAreStoredButNotRead(number: UInt8, name: String) throws {
        var bytes = try GoldenBatch.mixed.bytes.array
        bytes[22] = number
        let batch = try RecordBatch(verifying: resealed(bytes))
        #expect(batch.codec.description == name)
        let error = #expect(throws: FormatError.self) { try batch.decodedRecords() }
        #expect(error?.kind == .codec)
        #expect(error?.text.contains(name) == true)
        let walked = #expect(throws: FormatError.self) { try batch.forEachRecord { _, _ in } }
        #expect(walked == error)
    }

    @Test func attributesAreRead() throws {
        var bytes = try GoldenBatch.mixed.bytes.array
        bytes[21] = 0x80
        bytes[22] = 0x30
        let batch = try RecordBatch(verifying: resealed(bytes))
        #expect(batch.isJSON && batch.isControl && batch.attributes.contains(.transactional))
        #expect(!batch.attributes.contains(.logAppendTime))
    }

    @Test func appendTimeReplacesTheRecordsTimestamps() throws {
        var bytes = try GoldenBatch.mixed.bytes.array
        bytes[22] = 0x08
        let batch = try RecordBatch(verifying: resealed(bytes))
        #expect(try batch.decodedRecords().allSatisfy { $0.timestamp == batch.maxTimestamp })
    }

    @Test func theWalkHandsOutViewsAndPassesErrorsOn() throws {
        struct Enough: Error {}
        let batch = try GoldenBatch.mixed.batch
        var keys: [String?] = []
        #expect(throws: Enough.self) {
            try batch.forEachRecord { record, raw in
                keys.append(record.key.map { String(decoding: raw[$0], as: UTF8.self) })
                if record.offset == Offset(2) { throw Enough() }
            }
        }
        #expect(keys == ["u1", nil, "u2"])
    }

    @Test func headersAreWalkedInOrder() throws {
        var names: [String] = []
        var values: [String?] = []
        try GoldenBatch.mixed.batch.forEachRecord { record, raw in
            guard record.offset == Offset(4) else { return }
            record.forEachHeader(in: raw) { name, value in
                names.append(String(decoding: raw[name], as: UTF8.self))
                values.append(value.map { String(decoding: raw[$0], as: UTF8.self) })
            }
        }
        #expect(names == ["über", "empty", "null", "ct", "ct"])
        #expect(values == ["€", "", nil, "v1", "v2"])
    }

    @Test func aBombIsRefusedWithTheBound() throws {
        var builder = RecordBatchBuilder()
        let zeros = ByteBuffer(repeating: 0, count: 3 * 1024 * 1024)
        builder.append(DecodedRecord(timestamp: .epoch, value: zeros))
        let batch = try builder.finish(codec: .gzip)
        #expect(batch.encodedBytes < .kibibytes(8))
        let error = #expect(throws: FormatError.self) { try batch.decodedRecords(inflatedBytesMax: .mebibytes(2)) }
        #expect(error?.kind == .tooLarge)
        #expect(error?.text.contains("2 MiB") == true)
        #expect(try batch.decodedRecords(inflatedBytesMax: .mebibytes(4)).first?.value == zeros)
    }

    /// Whatever reads records, and without a bound being named.
    @Test func everyReaderRefusesABomb() throws {
        var builder = RecordBatchBuilder()
        builder.append(DecodedRecord(timestamp: .epoch, value: ByteBuffer(repeating: 0, count: 64 << 20)))
        let batch = try builder.finish(codec: .gzip)
        let readers: [(RecordBatch) throws -> Void] = [
            { try $0.forEachRecord { _, _ in } }, { _ = try $0.decodedRecords() }, { try $0.verifyRecords() },
            { _ = try $0.filtered { _, _ in true } }, { _ = try $0.contentChecksum() }, { _ = try $0.inflated() },
        ]
        for read in readers {
            let error = #expect(throws: FormatError.self) { try read(batch) }
            #expect(error?.kind == .tooLarge)
            #expect(error?.text.contains("64 MiB") == true)
        }
    }

    @Test(arguments: GoldenBatch.allCases) func inflatingChangesTheCodecAlone(golden: GoldenBatch) throws {
        let batch = try golden.batch
        let inflated = try RecordBatch(verifying: try batch.inflated().bytes)
        #expect(inflated.codec == .none)
        if batch.codec == .none { #expect(inflated == batch) }
        #expect(try inflated.decodedRecords() == golden.records)
        #expect(inflated.recordCount == batch.recordCount && inflated.lastOffset == batch.lastOffset)
        #expect(inflated.baseTimestamp == batch.baseTimestamp && inflated.maxTimestamp == batch.maxTimestamp)
        #expect(inflated.leaderEpoch == batch.leaderEpoch && inflated.producerID == batch.producerID)
    }

    /// The gzip stream itself damaged, under a checksum that fits: what a broken producer could send.
    @Test(arguments: [GoldenBatch.gzip, .sparseGzip]) func aDamagedStreamIsRefused(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        for position in BatchHeader.size..<bytes.count {
            for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[position] ^= mask
                let batch = try RecordBatch(verifying: resealed(damaged))
                // Time, extra flags and operating system of the stream's header mean nothing.
                if let records = try? batch.decodedRecords() { #expect(records == golden.records) }
            }
        }
        for tail in [[0], bytes, Array(bytes[BatchHeader.size...])] as [[UInt8]] {
            let batch = try RecordBatch(verifying: resealed(bytes + tail))
            #expect(throws: FormatError.self) { try batch.inflated().verifyRecords() }
        }
    }

    /// The kind of error that a mixed batch gives after the change, checksum corrected.
    private func kind(_ change: (inout [UInt8]) -> Void) throws -> FormatError.Kind? {
        var bytes = try GoldenBatch.mixed.bytes.array
        change(&bytes)
        let damaged = resealed(bytes)
        return formatErrorKind { () throws(FormatError) in _ = try RecordBatch(verifying: damaged) }
    }
}
