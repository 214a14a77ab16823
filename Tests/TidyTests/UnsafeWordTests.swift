import Testing

/// Words that switch a check of the compiler off stand only where a comment proves that they may.
@Suite struct UnsafeWordTests {
    static let words = ["try!", "as!", "@unchecked Sendable", "nonisolated(unsafe)", "fatalError("]

    @Test func everyUnsafeWordIsProved() throws {
        for path in Repository.swiftFiles(in: "Sources", "Bench") {
            for (number, line) in Self.unproved(in: try Repository.lines(of: path)) {
                Issue.record("\(path):\(number): no comment on the line or above it proves: \(line)")
            }
        }
    }

    @Test func seesWhatIsUnproved() {
        let lines: [Substring] = [
            "let a = try! read()", "// The file was read above.", "let b = try! read()",
            "fatalError(\"no\")  // The switch above is exhaustive.", "// About as! and try!, in words.",
            "// Proof.", "@available(*, deprecated)", "final class A: @unchecked Sendable {", "", "let c = d as! Int",
        ]
        #expect(Self.unproved(in: lines).map(\.number) == [1, 10])
    }

    /// The lines with such a word that have no comment: on the line, or right above it and its attributes.
    static func unproved(in lines: [Substring]) -> [(number: Int, line: Substring)] {
        lines.indices.compactMap { index in
            let parts = split(lines[index])
            guard words.contains(where: { parts.code.contains($0) }), parts.comment.isEmpty else { return nil }
            let above = lines[..<index].last { !$0.drop { $0 == " " }.hasPrefix("@") }
            guard let above, !split(above).comment.isEmpty else { return (index + 1, lines[index]) }
            return nil
        }
    }

    /// A line's code and its comment; `//` after a colon is the middle of a URL.
    private static func split(_ line: Substring) -> (code: Substring, comment: Substring) {
        var start = line.startIndex
        while let slashes = line[start...].firstRange(of: "//") {
            let isURL = slashes.lowerBound > line.startIndex && line[line.index(before: slashes.lowerBound)] == ":"
            if !isURL { return (line[..<slashes.lowerBound], line[slashes.upperBound...]) }
            start = slashes.upperBound
        }
        return (line, "")
    }
}
