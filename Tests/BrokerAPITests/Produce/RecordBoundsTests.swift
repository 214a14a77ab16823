import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// The bounds of a record are one, however it comes.
@Suite struct RecordBoundsTests {
    private func limits(_ set: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        set(&limits)
        return limits
    }

    private func record(value: Int, headers: Int = 0) -> DecodedRecord {
        let header = RecordHeader(name: ByteBuffer(string: "label.a"), value: ByteBuffer(string: "b"))
        return DecodedRecord(
            timestamp: .epoch,
            key: ByteBuffer(string: "k"),
            value: ByteBuffer(repeating: 0x31, count: value),
            headers: Array(repeating: header, count: headers)
        )
    }

    @Test func aMadeRecordIsBoundAsOneOfARequest() throws {
        let limits = limits { $0.recordBytesMax = ByteCount(200) }
        var size = 0
        while (try? RecordBounds(limits).check(record(value: size + 1))) != nil { size += 1 }
        #expect((100..<200).contains(size))
        let bytes = try RecordBounds(limits).check(record(value: size))
        #expect(try RecordBounds(limits).check(key: 1, value: size, headers: 0, headerBytes: ByteCount(0)) == bytes)
        #expect(throws: RecordBounds.Excess.self) {
            try RecordBounds(limits).check(key: 1, value: size + 1, headers: 0, headerBytes: ByteCount(0))
        }
    }

    @Test func aBatchThatIsSmallerThanARecordIsTheBound() {
        let limits = limits { $0.batchBytesMax = ByteCount(300) }
        let bound = ByteCount(300 - BatchHeader.size)
        #expect(throws: RecordBounds.Excess.self) { try RecordBounds(limits).check(record(value: bound.value)) }
    }

    @Test func headersAreCountedAndMeasuredAsTheyAreStored() throws {
        let few = limits { $0.headersPerRecordMax = 2 }
        #expect(throws: Never.self) { try RecordBounds(few).check(record(value: 1, headers: 2)) }
        #expect(throws: RecordBounds.Excess.headers(countMax: 2, bytesMax: few.headerBytesMax)) {
            try RecordBounds(few).check(record(value: 1, headers: 3))
        }
        // A header takes a length of one byte before its name and before its value.
        let small = limits { $0.headerBytesMax = ByteCount(2 * (1 + 7 + 1 + 1)) }
        #expect(throws: Never.self) { try RecordBounds(small).check(record(value: 1, headers: 2)) }
        #expect(throws: RecordBounds.Excess.self) { try RecordBounds(small).check(record(value: 1, headers: 3)) }
    }
}
