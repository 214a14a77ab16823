import NIOCore
import RecordFormat
import Testing

/// Every golden batch cut, flipped and lengthened: a typed error or equal meaning, never a trap, never other records.
@Suite struct DamagedBatchTests {
    @Test(arguments: GoldenBatch.allCases) func everyTruncationIsRefused(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        let unnoticed = (0..<bytes.count).filter { count in
            let kind = formatErrorKind { () throws(FormatError) in
                _ = try RecordBatch(verifying: ByteBuffer(bytes: bytes[..<count]))
            }
            return kind != .truncated
        }
        #expect(unnoticed.isEmpty)
    }

    @Test(arguments: GoldenBatch.allCases) func everyLengtheningIsRefused(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        for tail in [[0], [0xFF], Array(repeating: 0, count: 61), bytes] as [[UInt8]] {
            let kind = formatErrorKind { () throws(FormatError) in
                _ = try RecordBatch(verifying: ByteBuffer(bytes: bytes + tail))
            }
            #expect(kind == .trailingBytes)
        }
    }

    @Test(arguments: GoldenBatch.allCases) func everyFlipUnderTheChecksumIsDetected(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        let outside = BatchHeader.baseOffsetAt..<BatchHeader.batchLengthAt
        let epoch = BatchHeader.leaderEpochAt..<BatchHeader.magicAt
        let unnoticed = bytes.indices.filter { position in
            guard !outside.contains(position), !epoch.contains(position) else { return false }
            return ([0x01, 0x80, 0xFF] as [UInt8]).contains { mask in
                let kind = formatErrorKind { () throws(FormatError) in
                    _ = try RecordBatch(verifying: flipped(bytes, at: position, mask))
                }
                return kind == nil
            }
        }
        #expect(unnoticed.isEmpty)
    }

    /// Base offset and leader epoch lie outside the checksum by design: the records keep their meaning.
    @Test(arguments: GoldenBatch.allCases) func flipsOutsideTheChecksumMoveTheBatchOnly(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        for position in Array(0..<8) + Array(12..<16) {
            for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                do {
                    let batch = try RecordBatch(verifying: flipped(bytes, at: position, mask))
                    let base = Int(batch.baseOffset.value)
                    #expect(try batch.decodedRecords() == golden.records.map { moved($0, by: base) })
                } catch {
                    // An offset below zero is no offset.
                    #expect(error.kind == .count && position == 0 && mask != 0x01)
                }
            }
        }
    }

    /// The same flips with a checksum that fits: what a hostile or broken producer could send.
    @Test(arguments: GoldenBatch.allCases) func flipsWithAFittingChecksumNeverTrap(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        var refused = 0
        for position in BatchHeader.checksummedFrom..<bytes.count {
            for mask in [0x01, 0x02, 0x40, 0x80, 0x7F, 0xFF] as [UInt8] {
                let damaged = resealed(flipped(bytes, at: position, mask).array)
                if walk(damaged) != nil { refused += 1 }
            }
        }
        #expect(refused > 0)
    }

    @Test(arguments: GoldenBatch.allCases) func truncationsWithAFittingChecksumAreRefused(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        let unnoticed = (BatchHeader.size..<bytes.count).filter { walk(resealed(Array(bytes[..<$0]))) == nil }
        #expect(unnoticed.isEmpty)
    }

    @Test(arguments: GoldenBatch.allCases) func lengtheningsWithAFittingChecksumAreRefused(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        for tail in [[0], [0xFF], Array(repeating: 0, count: 61), bytes] as [[UInt8]] {
            #expect(walk(resealed(bytes + tail)) != nil)
        }
    }

    @Test(arguments: GoldenBatch.allCases) func randomDamageNeverTraps(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        let seed: UInt64 = 0x6461_6D61_6765
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let position = Int.random(in: BatchHeader.checksummedFrom..<bytes.count, using: &generator)
                damaged[position] = UInt8.random(in: 0...255, using: &generator)
            }
            let start = Int.random(in: BatchHeader.size...bytes.count, using: &generator)
            let end = Int.random(in: start...min(bytes.count, start + 8), using: &generator)
            if generator.next().isMultiple(of: 4) { damaged.removeSubrange(start..<end) }
            _ = walk(resealed(damaged))
        }
    }

    /// Whatever the damage: what filtering and the checksum of the content throw is what the walk throws.
    @Test(arguments: [GoldenBatch.mixed, .sparse, .horizon, .sparseGzip])
    func filteringNoticesWhatTheWalkNotices(golden: GoldenBatch) throws {
        let bytes = try golden.bytes.array
        var generator = SeededGenerator(seed: 0x6E6F_7469_6365)
        for position in BatchHeader.checksummedFrom..<bytes.count {
            for mask in [0x01, 0x02, 0x80] as [UInt8] {
                filter(resealed(flipped(bytes, at: position, mask).array))
            }
        }
        for count in BatchHeader.size..<bytes.count { filter(resealed(Array(bytes[..<count]))) }
        for count in 1...64 { filter(resealed(bytes + generator.bytes(count))) }
    }

    private func filter(_ bytes: ByteBuffer) {
        guard let batch = try? RecordBatch(verifying: bytes) else { return }
        let kind = walk(bytes)
        let checksumKind = formatErrorKind { () throws(FormatError) in
            _ = try batch.contentChecksum(inflatedBytesMax: .mebibytes(1))
        }
        #expect(checksumKind == kind)
        for modulus in [1, 2] as [Int64] {
            do {
                let filtered = try batch.filtered(
                    deleteHorizon: Timestamp(millisecondsSinceEpoch: Int64.max / 3),
                    inflatedBytesMax: .mebibytes(1)
                ) { record, _ in (record.offset - batch.baseOffset).isMultiple(of: modulus) }
                #expect(kind == nil)
                if let filtered { #expect(walk(filtered.bytes) == nil) }
            } catch {
                #expect((error as? FormatError)?.kind == kind)
            }
        }
    }

    /// The error that verifying or walking gives; nil when every record was there.
    ///
    /// Touches every byte that a view names.
    private func walk(_ bytes: ByteBuffer) -> FormatError.Kind? {
        do {
            let batch = try RecordBatch(verifying: bytes)
            var sum = 0
            var lowest = batch.baseOffset
            var count = 0
            try batch.forEachRecord(inflatedBytesMax: .mebibytes(1)) { record, raw in
                #expect(record.offset >= lowest && record.offset <= batch.lastOffset)
                if batch.isDense { #expect(record.offset == lowest) }
                lowest = record.offset.advanced(by: 1)
                count += 1
                for range in [record.key, record.value, record.headers] {
                    if let range { sum += Int(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[range]))) }
                }
                record.forEachHeader(in: raw) { name, value in
                    sum += raw[name].count + (value.map { raw[$0].count } ?? 0)
                }
            }
            #expect(count == batch.recordCount && sum >= 0)
            return nil
        } catch let error as FormatError {
            return error.kind
        } catch {
            Issue.record("not a format error: \(error)")
            return nil
        }
    }

    private func flipped(_ bytes: [UInt8], at position: Int, _ mask: UInt8) -> ByteBuffer {
        var bytes = bytes
        bytes[position] ^= mask
        return ByteBuffer(bytes: bytes)
    }

    private func moved(_ record: DecodedRecord, by base: Int) -> DecodedRecord {
        var record = record
        record.offset = record.offset.advanced(by: base)
        return record
    }
}
