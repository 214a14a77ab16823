import Testing

/// The shape of files: short, finished, without litter.
@Suite struct ShapeTests {
    /// A file past this is split by verb.
    static let linesMax = 400

    /// Words that say a file is not finished.
    ///
    /// In two pieces, so that this file does not contain them.
    static let unfinished: Set<String> = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]

    @Test func noFileIsTooLong() throws {
        for path in Repository.swiftFiles(in: "Sources", "Tests", "Bench") {
            let count = try Repository.lines(of: path).count
            #expect(count <= Self.linesMax + 1, "\(path) has \(count - 1) lines; split it by verb")
        }
    }

    @Test func nothingIsLeftUnfinished() throws {
        for (path, number, line) in try Self.prose() {
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            #expect(Self.unfinished.isDisjoint(with: words), "\(path):\(number): \(line)")
        }
    }

    @Test func noTabsAndNoTrailingSpaces() throws {
        for (path, number, line) in try Self.prose() {
            #expect(path == "Makefile" || !line.contains("\t"), "\(path):\(number) has a tab")
            #expect(line.last.map { $0 != " " && $0 != "\r" } ?? true, "\(path):\(number) ends in a space")
        }
    }

    @Test func everyFileEndsInOneLineBreak() throws {
        for path in Repository.prosePaths {
            let text = try Repository.text(of: path)
            #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"), "\(path)")
        }
    }

    private static func prose() throws -> [(path: String, number: Int, line: Substring)] {
        try Repository.prosePaths.flatMap { path in
            try Repository.lines(of: path).enumerated().map { (path, $0.offset + 1, $0.element) }
        }
    }
}
