import JSONBytes
import Testing

@Suite struct JSONNumberTests {
    @Test(arguments: [
        ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("1234567890123", 1_234_567_890_123),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("-9223372036854775807", -Int64.max),
    ])
    func readsIntegers(_ raw: String, _ value: Int64) {
        #expect(withBytes(raw) { JSONNumber.integer($0) } == value)
    }

    @Test(arguments: [
        "", "-", "--1", "+1", "00", "01", "-01", "1.0", "1e3", "1 ", " 1", "a", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999999", "1-", "\"1\"", "true",
    ])
    func refusesWhatIsNoInteger(_ raw: String) {
        #expect(withBytes(raw) { JSONNumber.integer($0) } == nil)
    }
}
