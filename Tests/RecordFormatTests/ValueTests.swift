import RecordFormat
import Testing

@Suite struct ValueTests {
    @Test func offsets() {
        #expect(Offset.zero.advanced(by: 5) == Offset(5))
        #expect(Offset(5).advanced(by: -2) == Offset(3))
        #expect(Offset(9) - Offset(4) == 5)
        #expect(Offset(4) < Offset(9))
        #expect(Offset(912).description == "912")
    }

    @Test func filePositions() {
        #expect(FilePosition.zero.advanced(by: .kibibytes(4)) == FilePosition(4096))
        #expect(FilePosition(4096).advanced(by: ByteCount(-96)) == FilePosition(4000))
        #expect(FilePosition(10) - FilePosition(4) == ByteCount(6))
        #expect(FilePosition(4) < FilePosition(10))
    }

    @Test(arguments: [
        (0, "0 bytes"), (1, "1 byte"), (1500, "1500 bytes"), (2048, "2 KiB"), (4 << 20, "4 MiB"),
        (1536 << 10, "1536 KiB"),
    ])
    func byteCountsName(value: Int, text: String) {
        #expect(ByteCount(value).description == text)
    }

    @Test func byteCountsAdd() {
        var count = ByteCount.mebibytes(1) + .kibibytes(1)
        count -= .kibibytes(1)
        #expect(count == .mebibytes(1))
        #expect(count - ByteCount(1) < count)
    }

    @Test func topicIDsAreWrittenAndRead() {
        let id = TopicID(high: 0x0123_4567_89AB_CDEF, low: 0x0000_0000_0000_00FF)
        #expect(id.hex == "0123456789abcdef00000000000000ff")
        #expect(id.tag == "01234567")
        #expect(TopicID(hex: id.hex) == id)
        #expect(TopicID(hex: id.hex.uppercased()) == id)
        #expect(TopicID(high: .max, low: .max).hex == String(repeating: "f", count: 32))
        #expect(TopicID(high: 0, low: 1) < TopicID(high: 1, low: 0))
        for wrong in ["", "0", String(repeating: "0", count: 31), String(repeating: "0", count: 33)] {
            #expect(TopicID(hex: wrong) == nil)
        }
        #expect(TopicID(hex: "0123456789abcdef00000000000000fg") == nil)
        #expect(TopicID(hex: "+123456789abcdef00000000000000ff") == nil)
    }

    /// The defaults that the documentation promises.
    @Test func limitsHaveTheirDocumentedDefaults() {
        let limits = Limits()
        #expect(limits.recordBytesMax == .mebibytes(1))
        #expect(limits.batchBytesMax == .mebibytes(4))
        #expect(limits.requestBodyBytesMax == .mebibytes(16))
        #expect(limits.pageRecordsMax == 1000)
        #expect(limits.pageBytesMax == .mebibytes(8))
        #expect(limits.partitionsPerReadMax == 256)
        #expect(limits.waitMax == .seconds(60))
        #expect(limits.streamAgeMax == .seconds(3600))
        #expect(limits.readBytesPerStep == .kibibytes(64))
        #expect(limits.recordBytesMax <= limits.batchBytesMax)
    }
}
