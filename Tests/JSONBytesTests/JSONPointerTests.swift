import JSONBytes
import Testing

@Suite struct JSONPointerTests {
    /// The document of RFC 6901 section 5.
    static let document = #"""
        {
           "foo": ["bar", "baz"],
           "": 0,
           "a/b": 1,
           "c%d": 2,
           "e^f": 3,
           "g|h": 4,
           "i\\j": 5,
           "k\"l": 6,
           " ": 7,
           "m~n": 8
        }
        """#

    @Test(arguments: [
        ("", JSONPointerTests.document), ("/foo", #"["bar", "baz"]"#), ("/foo/0", "\"bar\""), ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"), ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
    ])
    func resolvesTheCasesOfTheRFC(_ pointer: String, _ value: String) throws {
        #expect(try resolved(pointer, Self.document) == value)
    }

    @Test(
        arguments: [
            ("/0", "[7]", "7"), ("/1", "[7]", nil), ("/-", "[7]", nil), ("/00", "[7]", nil), ("/01", "[7,8]", nil),
            ("/+0", "[7]", nil), ("/1e0", "[7,8]", nil), ("/99999999999999999999", "[7]", nil),
            ("/0", #"{"0":"x"}"#, "\"x\""),
            ("/a", "[7]", nil), ("/a", "7", nil), ("/a/b", #"{"a":"b"}"#, nil), ("", " 7 ", "7"), ("", "", nil),
            ("/a", "", nil),
            ("/a/1/b", #" { "a" : [ 0 , { "b" : [ ] } ] } "#, "[ ]"), ("//", #"{"":{"":1}}"#, "1"),
            ("/~01", #"{"~1":2}"#, "2"),
            ("/é", #"{"\u00e9":3}"#, "3"), ("/a", #"{"a":1,"\u0061":2}"#, "2"), ("/a/b", #"{"a":{"b":1},"a":{}}"#, nil),
            ("/12", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13]", "12"),
        ] as [(String, String, String?)]
    )
    func resolves(_ pointer: String, _ document: String, _ value: String?) throws {
        #expect(try resolved(pointer, document) == value)
    }

    @Test(arguments: [
        ("a", 0, "a JSON pointer is empty or begins with '/'"),
        ("#/a", 0, "a JSON pointer is empty or begins with '/'"),
        ("/a~", 3, "expected '0' or '1' after '~'"), ("/a~2", 3, "expected '0' or '1' after '~'"),
        ("/~/b", 2, "expected '0' or '1' after '~'"), ("/é/~~0", 5, "expected '0' or '1' after '~'"),
    ])
    func refusesBadSyntax(_ text: String, _ byteOffset: Int, _ reason: String) {
        let error = #expect(throws: JSONPointerError.self) { try JSONPointer(text) }
        #expect(error?.byteOffset == byteOffset && error?.reason == reason)
    }

    @Test func keepsItsText() throws {
        #expect(try JSONPointer("/a~1b/0").description == "/a~1b/0")
        #expect(try JSONPointer("/a") == JSONPointer("/a"))
    }

    private func resolved(_ pointer: String, _ document: String) throws -> String? {
        let pointer = try JSONPointer(pointer)
        return withBytes(document) { bytes in pointer.resolve(in: bytes, value: 0..<bytes.count).map(bytes.text) }
    }
}
