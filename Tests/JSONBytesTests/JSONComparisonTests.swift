import JSONBytes
import Testing

@Suite struct JSONComparisonTests {
    private func areEqual(_ left: String, _ right: String) -> Bool {
        withBytes(left) { left in withBytes(right) { JSONNumber.areEqual(left, $0) } }
    }

    @Test(arguments: [
        ["0", "-0", "0.0", "0e5", "-0.000E-7"], ["1", "1.0", "10e-1", "0.1e1", "1e0", "1E+0", "0.0001e4", "1000e-3"],
        ["-12.5", "-125e-1", "-0.125e2", "-12.500"], ["1e400", "10e399", "0.1e401"], ["1e-400", "0.1e-399"],
        ["9007199254740993", "9007199254740993.0", "900719925474099300e-2"],
        ["123456789012345678901234567890", "123456789012345678901234567890.000", "12345678901234567890123456789e1"],
        ["100", "1e2", "1.00e2", "0.01e4"], ["1.01", "101e-2"], ["10.01", "1001e-2", "1.001e1"],
    ])
    func writesOfOneNumberAreEqual(_ forms: [String]) {
        for left in forms { for right in forms { #expect(areEqual(left, right), "\(left) \(right)") } }
    }

    @Test(arguments: [
        ("1", "-1"), ("1", "2"), ("1", "10"), ("1", "1.01"), ("101", "11"), ("1.01", "1.1"), ("1e2", "1e3"),
        ("9007199254740993", "9007199254740992"), ("0.1", "0.10000000000000000001"), ("1", "0"), ("12", "123"),
        ("1e999999999", "1e999999998"), ("1e9999999999", "10e9999999998"), ("x", "y"), ("", "1"), ("01", "1"),
        ("1.", "1"),
        ("+1", "1"), ("1e", "1"), (".5", "0.5"), ("-", "1"), ("1 ", "1"), ("1e+", "1"), ("NaN", "1"),
    ])
    func othersAreNot(_ left: String, _ right: String) {
        #expect(!areEqual(left, right))
        #expect(!areEqual(right, left))
    }

    @Test func aNumberMovedByPowersOfTenStaysItself() {
        var random = SeededGenerator(seed: SeededGenerator.seed(for: "numbers"))
        for _ in 0..<3000 {
            let number = Int64.random(in: -99_999...99_999, using: &random)
            let shift = Int.random(in: -40...40, using: &random)
            let zeros = Int.random(in: 0...5, using: &random)
            let other = number == 0 ? 0 : number + [-1, 1].randomElement(using: &random, default: 1)
            let moved = "\(number)\(String(repeating: "0", count: zeros))e\(shift - zeros)"
            #expect(areEqual(moved, "\(number).0E\(shift)"), "\(moved)")
            if other != number { #expect(!areEqual(moved, "\(other)e\(shift)"), "\(moved) \(other)") }
        }
    }

    @Test(
        arguments: [
            ("", "", true), ("a", "", true), ("", "a", false), ("paid", "pa", true), ("pa", "paid", false),
            ("pa", "pb", false),
            (#"\u0070aid"#, "pa", true), (#"p\u0061"#, "pa", true), (#"\ud83d\ude00x"#, "😀", true), ("😀", "😀", true),
            (#"\ud83d"#, "😀", false), (#"\ud83dx"#, "", true), (#"\n\/"#, "\n/", true), (#"é"#, "e", false),
            (#"\u00e9t"#, "é", true), ("a", #"\u0061"#, false),
        ] as [(String, String, Bool)]
    )
    func prefixesAreThoseOfTheText(_ raw: String, _ prefix: String, _ isPrefix: Bool) {
        let found = withBytes(raw) { raw in withBytes(prefix) { JSONString.hasPrefix(raw, utf8: $0) } }
        #expect(found == isPrefix)
    }
}

extension Array {
    fileprivate func randomElement(using random: inout some RandomNumberGenerator, default value: Element) -> Element {
        randomElement(using: &random) ?? value
    }
}
