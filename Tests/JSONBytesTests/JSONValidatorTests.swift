import JSONBytes
import NIOCore
import Testing

@Suite struct JSONValidatorTests {
    @Test(arguments: [
        "0", "-0", "12", "-1.5e+10", "1E400", "0.0", "true", "false", "null", "\"\"", "[]", "{}", " \t\r\n1 \t\r\n",
        "[[],{}]", "{\"a\":{\"a\":[]}}", "{\"\":0,\"\":1}", "[1,2,3]", "[\"\\u0000\\uD834\\uDD1E\\ud800\"]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\u{2028}\"",
        "[ 1 , { \"a\" : 2 } , \"three\" ]", "\"a long string of plain text, longer than a few machine words\"",
    ])
    func accepts(_ document: String) { #expect(throws: Never.self) { try validated(document).get() } }

    @Test(arguments: [
        ("", 0, "expected a JSON value, found the end of the input"),
        ("  ", 2, "expected a JSON value, found the end of the input"),
        ("?", 0, "expected a JSON value, found '?'"),
        ("\u{FEFF}{}", 0, "expected a JSON value, found a byte order mark"),
        ("1 2", 2, "expected nothing more after the value, found '2'"),
        ("{}}", 2, "expected nothing more after the value, found '}'"),
        ("{\"a\":1 x", 7, "expected ',' or '}' after an object's value, found 'x'"),
        ("{\"a\":1]", 6, "expected ',' or '}' after an object's value, found ']'"),
        ("[1}", 2, "expected ',' or ']' after an array's value, found '}'"),
        ("[1", 2, "expected ',' or ']' after an array's value, found the end of the input"),
        ("[1,]", 3, "expected a value, found ']'"),
        ("[", 1, "expected a value, found the end of the input"),
        ("[,", 1, "expected a value, found ','"),
        ("{", 1, "expected a name in quotes or '}' after '{', found the end of the input"),
        ("{1", 1, "expected a name in quotes or '}' after '{', found '1'"),
        ("{\"a\":1,}", 7, "expected a name in quotes after ',', found '}'"),
        ("{\"a\" 1}", 5, "expected ':' after a name, found '1'"),
        ("{\"a\":}", 5, "expected a value, found '}'"),
        ("{\"a\"\n", 5, "expected ':' after a name, found the end of the input"),
        ("\"abc", 4, "the string that began at byte 0 has no closing '\"'"),
        ("\"a\nb\"", 2, "a line break must be escaped in a string"),
        ("\"12345678\tb\"", 9, "a tab must be escaped in a string"),
        ("\"a\u{1}\"", 2, "the byte 0x01 must be escaped in a string"),
        ("\"\\x\"", 2, "expected one of \" \\ / b f n r t u after '\\', found 'x'"),
        ("\"\\", 2, "expected an escape after '\\', found the end of the input"),
        ("\"\\u12g4\"", 5, "expected four hexadecimal digits after '\\u', found 'g'"),
        ("\"\\u12", 5, "expected four hexadecimal digits after '\\u', found the end of the input"),
        ("01", 1, "a number must not have a digit after a leading 0"),
        ("-", 1, "expected a digit after '-', found the end of the input"),
        ("-a", 1, "expected a digit after '-', found 'a'"),
        ("1.", 2, "expected a digit after '.', found the end of the input"),
        ("[1.e1]", 3, "expected a digit after '.', found 'e'"),
        ("1e+", 3, "expected a digit after the exponent's 'e', found the end of the input"),
        ("+1", 0, "expected a JSON value, found '+'"),
        ("[tru]", 4, "expected 'true', found ']'"),
        ("nul", 3, "expected 'null', found the end of the input"),
        ("[falsE]", 5, "expected 'false', found 'E'"),
        ("[\u{E9}]", 1, "expected a value, found the byte 0xC3"),
        ("[1 /* no */]", 3, "expected ',' or ']' after an array's value, found '/'"),
    ])
    func refusesWithPlaceAndReason(_ document: String, _ byteOffset: Int, _ reason: String) {
        #expect(validated(document) == .failure(JSONError(byteOffset: byteOffset, reason: reason)))
    }

    @Test(
        arguments: [
            ([0x80], "the byte 0x80 continues a character that never began"),
            ([0xBF], "the byte 0xBF continues a character that never began"),
            ([0xC0, 0x80], "the byte 0xC0 begins an overlong form"),
            ([0xC1, 0xBF], "the byte 0xC1 begins an overlong form"),
            ([0xE0, 0x9F, 0xBF], "the byte 0xE0 begins an overlong form"),
            ([0xF0, 0x8F, 0xBF, 0xBF], "the byte 0xF0 begins an overlong form"),
            ([0xED, 0xA0, 0x80], "a surrogate (U+D800 to U+DFFF) must not be encoded"),
            ([0xED, 0xBF, 0xBF], "a surrogate (U+D800 to U+DFFF) must not be encoded"),
            ([0xF4, 0x90, 0x80, 0x80], "a character above U+10FFFF"),
            ([0xF5, 0x80, 0x80, 0x80], "the byte 0xF5 never stands in UTF-8"),
            ([0xFF], "the byte 0xFF never stands in UTF-8"),
            ([0xC3], "the character that begins with 0xC3 is cut off"),
            ([0xE2, 0x82], "the character that begins with 0xE2 is cut off"),
            ([0xF0, 0x9F, 0x98], "the character that begins with 0xF0 is cut off"),
        ] as [([UInt8], String)]
    )
    func refusesInvalidUTF8(_ sequence: [UInt8], _ fault: String) {
        // Behind texts of every length up to two words, so that each lane of the fast path meets it.
        for prefix in 0...17 {
            let document = [0x22] + [UInt8](repeating: 0x61, count: prefix) + sequence + [0x22]
            let expected = JSONError(byteOffset: prefix + 1, reason: "invalid UTF-8: " + fault)
            #expect(validated(document) == .failure(expected))
        }
    }

    /// Leads, second bytes at every border and tails of every length, against the standard library.
    @Test func agreesWithTheStandardLibraryOnUTF8() {
        let tails: [[UInt8]] = [
            [], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0xBF], [0x7F], [0x80, 0xC0], [0x80, 0x80, 0x80],
        ]
        for first in UInt8(0x80)...0xFF {
            for second in [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] as [UInt8] {
                for tail in tails {
                    let text = [first, second] + tail
                    let expected = String(validating: text, as: UTF8.self) != nil
                    #expect(withBytes(text) { JSONString.isUTF8($0) } == expected, "\(text)")
                    if second >= 0x20 { #expect(isAccepted([0x22] + text + [0x22]) == expected, "\(text)") }
                }
            }
        }
    }

    @Test func findsSpecialBytesInEveryLane() {
        for length in 1...24 {
            for place in 0..<length {
                for byte in [0x00, 0x1F, 0x0A, 0x0D, 0x5C, 0x80, 0xFF] as [UInt8] {
                    var document = [UInt8](repeating: 0x7E, count: length)
                    document[place] = byte
                    guard case .failure(let error) = validated([0x22] + document + [0x22]) else {
                        Issue.record("accepted byte \(byte) at \(place) of \(length)")
                        continue
                    }
                    // After a backslash it is the following byte that is wrong.
                    #expect(error.byteOffset == place + (byte == 0x5C ? 2 : 1) || byte == 0x5C && place == length - 1)
                }
            }
        }
    }

    @Test func limitsDepth() {
        let refusal = "nested more than 2 levels deep"
        #expect(throws: Never.self) { try validated("[[1],{\"a\":1},[]]", depthMax: 2).get() }
        #expect(validated("[[[", depthMax: 2) == .failure(JSONError(byteOffset: 2, reason: refusal)))
        #expect(validated("[[],{\"a\":{}}]", depthMax: 2) == .failure(JSONError(byteOffset: 9, reason: refusal)))
        #expect(throws: Never.self) { try validated("1", depthMax: 0).get() }
        #expect(throws: JSONError.self) { try validated("[]", depthMax: 0).get() }
    }

    /// Objects and arrays mixed, over the words in which the stack is kept: each level closes with its own bracket.
    @Test(arguments: [1, 63, 64, 65, 127, 128, 129, 511, 512, 1023, 1024])
    func remembersEveryLevel(_ depth: Int) {
        var random = SeededGenerator(seed: UInt64(depth))
        var opening = ""
        var closing = ""
        for _ in 0..<depth {
            let isObject = Bool.random(using: &random)
            opening += isObject ? "{\"a\":" : "["
            closing = (isObject ? "}" : "]") + closing
        }
        #expect(throws: Never.self) { try validated(opening + "0" + closing, depthMax: depth).get() }
        #expect(throws: JSONError.self) { try validated(opening + "0" + closing, depthMax: depth - 1).get() }
        var wrong = Array((opening + "0" + closing).utf8)
        for place in (wrong.count - depth)..<wrong.count {
            wrong[place] = wrong[place] == 0x5D ? 0x7D : 0x5D
            guard case .failure(let error) = validated(wrong, depthMax: depth) else {
                Issue.record("a wrong bracket at \(place) was accepted")
                return
            }
            #expect(error.byteOffset == place)
            wrong[place] = wrong[place] == 0x5D ? 0x7D : 0x5D
        }
    }

    @Test func boundsWhatDepthCanBeAsked() {
        let depth = JSONValidator.depthLimit + 1
        let document = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let expected = JSONError(byteOffset: depth - 1, reason: "nested more than 1024 levels deep")
        #expect(validated(document, depthMax: .max) == .failure(expected))
        #expect(throws: JSONError.self) { try validated("[]", depthMax: -1).get() }
    }

    @Test func tellsTheShape() throws {
        try expectShape(" {\"a\":1}\t", .object, 1..<8)
        try expectShape("[1]", .array, 0..<3)
        try expectShape("\n\"x\"", .string, 1..<4, true)
        try expectShape("-1\r", .number, 0..<2, true)
        try expectShape("true", .boolean(true), 0..<4)
        try expectShape("false ", .boolean(false), 0..<5)
        try expectShape("null", .null, 0..<4)
        #expect(try validated("[1,\t2,  \"\\r\\n\"]").get().hasLineBreaks == false)
    }

    @Test(arguments: [
        "[\n1]", "[1\r]", "[1,\n2]", "{\n}", "{\n\"a\":1}", "{\"a\"\n:1}", "{\"a\":\r1}", "{\"a\":1\n}", "[]\n",
    ])
    func noticesLineBreaksBetweenTokens(_ document: String) throws {
        #expect(try validated(document).get().hasLineBreaks)
    }

    @Test func validatesABufferFromItsReaderIndex() throws {
        var buffer = ByteBuffer(string: "xx[1]")
        buffer.moveReaderIndex(forwardBy: 2)
        #expect(try JSONValidator.validate(buffer, depthMax: 4).value == 0..<3)
    }

    private func expectShape(
        _ document: String,
        _ kind: JSONKind,
        _ value: Range<Int>,
        _ hasLineBreaks: Bool = false
    ) throws {
        let shape = try validated(document).get()
        #expect(shape.kind == kind && shape.value == value && shape.hasLineBreaks == hasLineBreaks, "\(document)")
    }
}
