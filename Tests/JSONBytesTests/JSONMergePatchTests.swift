import JSONBytes
import Testing

@Suite struct JSONMergePatchTests {
    /// The cases of RFC 7396, appendix A, and a few of names and order.
    @Test(
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"a":"foo"}"#, #""bar""#, #""bar""#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
            (#"{"a":1,"b":2,"c":3}"#, #"{"b":{"x":null,"y":1}}"#, #"{"a":1,"b":{"y":1},"c":3}"#),
            ("{}", #"{"\ud800":1}"#, #"{"\ud800":1}"#), (#"{"\u0061":1}"#, #"{"a":2}"#, #"{"\u0061":2}"#),
        ] as [(String, String, String)]
    )
    func mergesAsTheRFCSays(_ document: String, _ patch: String, _ expected: String) throws {
        #expect(text(try tree(document).merging(try tree(patch))) == expected)
    }
}
