import JSONBytes
import NIOCore
import Testing

@Suite struct JSONLineBreaksTests {
    @Test(arguments: [
        ("{\r\n  \"a\": [\n1,\r2],\n\n\t\"b\":\"\\r\\n\"}\n", "{    \"a\": [ 1, 2],  \t\"b\":\"\\r\\n\"} "),
        ("[1,2]", "[1,2]"), ("", ""), ("\"\u{2028}\u{85}\"", "\"\u{2028}\u{85}\""), ("\n", " "),
    ])
    func replacesLineBreaksAndNothingElse(_ document: String, _ expected: String) {
        var buffer = ByteBuffer(string: document)
        JSONLineBreaks.replaceBetweenTokens(in: &buffer)
        #expect(String(buffer: buffer) == expected)
    }

    @Test func touchesOnlyReadableBytesAndLeavesSharedStorageAlone() {
        let original = ByteBuffer(string: "\n[\n]\n")
        var inner = original
        inner.moveReaderIndex(forwardBy: 1)
        inner.moveWriterIndex(to: 4)
        JSONLineBreaks.replaceBetweenTokens(in: &inner)
        #expect(String(buffer: inner) == "[ ]")
        #expect(String(buffer: original) == "\n[\n]\n")
    }

    @Test func findsThemInEveryLane() {
        for length in 1...40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x0B, count: length)
                bytes[place] = place % 2 == 0 ? 0x0A : 0x0D
                bytes.withUnsafeMutableBytes { JSONLineBreaks.replaceBetweenTokens(in: $0) }
                var expected = [UInt8](repeating: 0x0B, count: length)
                expected[place] = 0x20
                #expect(bytes == expected)
            }
        }
    }
}
