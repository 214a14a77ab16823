import NIOCore
import RecordFormat
import Testing

@Suite struct VarintTests {
    /// Values and encodings of Kafka's ByteUtilsTest.
    static let golden: [(Int64, [UInt8])] = [
        (0, [0x00]), (-1, [0x01]), (1, [0x02]), (63, [0x7E]), (-64, [0x7F]), (64, [0x80, 0x01]), (-65, [0x81, 0x01]),
        (8191, [0xFE, 0x7F]), (-8192, [0xFF, 0x7F]), (8192, [0x80, 0x80, 0x01]), (-8193, [0x81, 0x80, 0x01]),
        (1_048_575, [0xFE, 0xFF, 0x7F]), (1_048_576, [0x80, 0x80, 0x80, 0x01]),
        (134_217_727, [0xFE, 0xFF, 0xFF, 0x7F]), (134_217_728, [0x80, 0x80, 0x80, 0x80, 0x01]),
        (Int64(Int32.max), [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]), (Int64(Int32.min), [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
        (17_179_869_183, [0xFE, 0xFF, 0xFF, 0xFF, 0x7F]), (17_179_869_184, [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]),
        (Int64.max, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        (Int64.min, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
    ]

    @Test(arguments: golden) func goldenEncodings(value: Int64, encoding: [UInt8]) {
        var buffer = ByteBuffer()
        #expect(Varint.write(value, into: &buffer) == encoding.count)
        #expect(buffer.array == encoding)
        #expect(Varint.size(value) == encoding.count)
        #expect(Varint.read64(from: &buffer) == value)
        #expect(buffer.readableBytes == 0)
        buffer = ByteBuffer(bytes: encoding)
        #expect(
            Varint.read32(from: &buffer).map(Int64.init)
                == Int64(exactly: Int32(truncatingIfNeeded: value)).flatMap {
                    $0 == value ? value : nil
                }
        )
    }

    @Test func randomValuesSurvive() {
        let seed: UInt64 = 0x7661_7269_6E74
        var generator = SeededGenerator(seed: seed)
        for round in 0..<20_000 {
            // Every magnitude is as likely as every other.
            let value = Int64(bitPattern: generator.next() >> UInt64(round % 64)) * (round.isMultiple(of: 2) ? 1 : -1)
            var buffer = ByteBuffer()
            let count = Varint.write(value, into: &buffer)
            guard count == Varint.size(value), Varint.read64(from: &buffer) == value, buffer.readableBytes == 0 else {
                Issue.record("\(value) of seed \(seed) did not survive")
                return
            }
            if let small = Int32(exactly: value) {
                Varint.write(value, into: &buffer)
                if Varint.read32(from: &buffer) != small { Issue.record("\(small) did not survive") }
            }
        }
    }

    @Test func truncatedIsRefusedAndLeavesThePosition() {
        for (_, encoding) in Self.golden {
            for count in 0..<encoding.count {
                var buffer = ByteBuffer(bytes: encoding[..<count])
                #expect(Varint.read64(from: &buffer) == nil)
                #expect(Varint.read32(from: &buffer) == nil)
                #expect(buffer.readableBytes == count)
            }
        }
    }

    @Test func bitsBeyondTheWidthAreRefused() {
        var tooLong32 = ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF, 0x1F])
        #expect(Varint.read32(from: &tooLong32) == nil)
        #expect(Varint.read64(from: &tooLong32) == -4_294_967_296)
        var endless32 = ByteBuffer(bytes: [0x80, 0x80, 0x80, 0x80, 0x80, 0x00])
        #expect(Varint.read32(from: &endless32) == nil)
        var tooLong64 = ByteBuffer(bytes: Array(repeating: 0xFF, count: 9) + [0x02])
        #expect(Varint.read64(from: &tooLong64) == nil)
        var endless64 = ByteBuffer(bytes: Array(repeating: 0x80, count: 10) + [0x00])
        #expect(Varint.read64(from: &endless64) == nil)
    }

    @Test func longerThanNecessaryIsRead() {
        var padded = ByteBuffer(bytes: [0x82, 0x80, 0x00])
        #expect(Varint.read32(from: &padded) == 1)
        #expect(padded.readableBytes == 0)
    }
}
