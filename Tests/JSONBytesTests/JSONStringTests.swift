import JSONBytes
import NIOCore
import Testing

@Suite struct JSONStringTests {
    @Test(arguments: [
        ("", "\"\""), ("plain", "\"plain\""), ("a\"b\\c/d", #""a\"b\\c/d""#), ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{F}\u{10}\u{1A}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u000f\\u0010\\u001a\\u001f\u{7F}\""),
        ("é\u{2028}😀", "\"é\u{2028}😀\""),
    ])
    func encodes(_ text: String, _ json: String) { #expect(encoded(text) == json) }

    @Test(arguments: [
        ("", ""), ("plain text", "plain text"), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#"\u0041\u00e9\u20AC\ud83d\uDE00"#, "Aé€😀"), (#"x\u0000y"#, "x\u{0}y"),
        (#"\uFFFF\ud7ff\ue000"#, "\u{FFFF}\u{D7FF}\u{E000}"),
    ])
    func decodes(_ raw: String, _ text: String) throws { #expect(try decoded(raw) == text) }

    @Test(arguments: [
        (#"ab\ud800"#, 2, "the surrogate \\uD800 stands alone and has no UTF-8 form"),
        (#"\udc00\ud800"#, 0, "the surrogate \\uDC00 stands alone and has no UTF-8 form"),
        (#"\ud800\u0041"#, 0, "the surrogate \\uD800 stands alone and has no UTF-8 form"),
        (#"\ud800\ud800\udc00"#, 0, "the surrogate \\uD800 stands alone and has no UTF-8 form"),
        (#"a\x"#, 1, "a malformed escape"), (#"a\"#, 1, "a malformed escape"), (#"\u12"#, 0, "a malformed escape"),
    ])
    func refusesToDecode(_ raw: String, _ byteOffset: Int, _ reason: String) {
        #expect(throws: JSONError(byteOffset: byteOffset, reason: reason)) { try decoded(raw) }
        #expect(throws: JSONError(byteOffset: byteOffset, reason: reason)) {
            try withBytes(raw) { bytes throws(JSONError) in try JSONString.text(bytes) }
        }
    }

    @Test func everyScalarOfNoteMakesTheRoundTrip() throws {
        let values: [UInt32] =
            Array(0...0x2FF) + [0x7FF, 0x800, 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFEFF, 0xFFFD, 0xFFFF, 0x10000, 0x1F600]
            + [0x10FFFF]
        for value in values {
            let scalar = try #require(Unicode.Scalar(value))
            // In every lane of a word, and in the tail behind it.
            for padding in 0...9 {
                let text = String(repeating: "a", count: padding) + String(scalar) + "b"
                let json = encoded(text)
                #expect(throws: Never.self) { try validated(json).get() }
                #expect(
                    try decoded(String(json.dropFirst().dropLast())).unicodeScalars.elementsEqual(text.unicodeScalars)
                )
                #expect(!json.utf8.contains { $0 < 0x20 })
            }
            let escaped = DocumentGenerator.escaped(scalar, uppercase: false)
            #expect(try decoded(escaped).unicodeScalars.elementsEqual([scalar]))
            #expect(withBytes(escaped) { raw in withBytes(String(scalar)) { JSONString.equals(raw, utf8: $0) } })
        }
    }

    @Test func appendsToWhatTheBufferHolds() throws {
        var buffer = ByteBuffer(string: ">")
        JSONString.encode("a\nb", into: &buffer)
        try withBytes("\\u0063d") { bytes throws in try JSONString.decode(bytes, into: &buffer) }
        #expect(String(buffer: buffer) == ">\"a\\nb\"cd")
    }

    @Test(arguments: [
        ("records", true), (#"r\u0065cords"#, true), (#"\u0072\u0065\u0063\u006f\u0072\u0064\u0073"#, true),
        ("record", false), ("recordsx", false), ("Records", false), ("", false), (#"records\u0000"#, false),
        (#"record\ud800"#, false), (#"record\"#, false), (#"records\n"#, false), (#"recordss\u00"#, false),
    ])
    func comparesWithEscapedNames(_ raw: String, _ isEqual: Bool) {
        #expect(withBytes(raw) { JSONString.equals($0, "records") } == isEqual)
        #expect(withBytes("{\"\(raw)\"") { JSONString.equals($0, 2..<($0.count - 1), "records") } == isEqual)
    }

    @Test func aBackslashIsNeverEqualToItself() {
        // The raw text `\n` stands for a line feed, not for a backslash and an n.
        #expect(!withBytes(#"\n"#) { JSONString.equals($0, "\\n") })
        #expect(withBytes(#"\\n"#) { JSONString.equals($0, "\\n") })
        #expect(withBytes(#"\n"#) { JSONString.equals($0, "\n") })
        #expect(withBytes("") { JSONString.equals($0, "") })
    }

    @Test func tellsEscapes() {
        for length in 0...20 {
            let plain = String(repeating: "x", count: length)
            #expect(!withBytes(plain) { JSONString.hasEscapes($0) })
            #expect(withBytes(plain + "\\n") { JSONString.hasEscapes($0) })
        }
    }

    @Test func refusesRawBytesThatAreNotUTF8() {
        #expect(throws: JSONError.self) {
            try withBytes([0x61, 0xFF]) { b throws(JSONError) in try JSONString.text(b) }
        }
        #expect(withBytes([]) { JSONString.isUTF8($0) })
        #expect(!withBytes(Array("plain text, then ".utf8) + [0xC3]) { JSONString.isUTF8($0) })
    }

    private func encoded(_ text: String) -> String {
        var buffer = ByteBuffer()
        JSONString.encode(text, into: &buffer)
        return String(buffer: buffer)
    }

    private func decoded(_ raw: String) throws(JSONError) -> String {
        var buffer = ByteBuffer()
        try withBytes(raw) { bytes throws(JSONError) in try JSONString.decode(bytes, into: &buffer) }
        return String(buffer: buffer)
    }
}
