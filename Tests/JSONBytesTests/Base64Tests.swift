import Foundation
import JSONBytes
import NIOCore
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 section 10, and bytes that need every part of the alphabet.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"), ("???>>>~~~", "Pz8/Pj4+fn5+"),
    ])
    func encodesAndDecodes(_ plain: String, _ text: String) throws {
        #expect(encoded(Array(plain.utf8)) == text)
        #expect(try decoded(text) == Array(plain.utf8))
    }

    @Test(arguments: [
        ("Z", 1, "base64 comes in groups of four, padded with '='"),
        ("Zg", 2, "base64 comes in groups of four, padded with '='"),
        ("Zg=", 3, "base64 comes in groups of four, padded with '='"),
        ("Zg==Zg==", 2, "expected a base64 character, found '='"),
        ("Z===", 1, "expected a base64 character, found '='"),
        ("====", 0, "expected a base64 character, found '='"),
        ("=g==", 0, "expected a base64 character, found '='"),
        ("Zm9v\nm9v", 4, "expected a base64 character, found a line break"),
        ("Zm-_", 2, "expected a base64 character, found '-'"),
        ("Zm9\u{7F}", 3, "expected a base64 character, found the byte 0x7F"),
        ("Zh==", 1, "unused bits of base64's last character are set"),
        ("Zm9=", 2, "unused bits of base64's last character are set"),
    ])
    func refuses(_ text: String, _ byteOffset: Int, _ reason: String) {
        var buffer = ByteBuffer(string: "kept")
        #expect(throws: JSONError(byteOffset: byteOffset, reason: reason)) {
            try withBytes(text) { bytes throws(JSONError) in try Base64.decode(bytes, into: &buffer) }
        }
        #expect(String(buffer: buffer) == "kept", "nothing is appended when it throws")
    }

    @Test func agreesWithFoundation() throws {
        let seed = SeededGenerator.seed(for: "base64 agreesWithFoundation")
        var random = SeededGenerator(seed: seed)
        for length in 0...100 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Data(bytes).base64EncodedString()
            #expect(encoded(bytes) == text, "MILLRACE_TEST_SEED=\(seed)")
            #expect(try decoded(text) == bytes, "MILLRACE_TEST_SEED=\(seed)")
        }
    }

    private func encoded(_ bytes: [UInt8]) -> String {
        var buffer = ByteBuffer()
        withBytes(bytes) { Base64.encode($0, into: &buffer) }
        return String(buffer: buffer)
    }

    private func decoded(_ text: String) throws(JSONError) -> [UInt8] {
        var buffer = ByteBuffer()
        try withBytes(text) { bytes throws(JSONError) in try Base64.decode(bytes, into: &buffer) }
        return Array(buffer.readableBytesView)
    }
}
