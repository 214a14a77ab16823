import Foundation
import Testing

/// Links between the documents, and the bare top level.
@Suite struct LinkTests {
    static let topLevel: Set<String> = [
        "Package.swift", "Makefile", "README.md", "Sources", "Tests", "Bench", "data", "docs", ".ci", ".gitignore",
        ".swift-format",
    ]

    @Test func theTopLevelStaysBare() {
        let found = Set(Repository.paths.map { String($0.prefix { $0 != "/" }) })
        #expect(found.subtracting(Self.topLevel) == [])
    }

    @Test func relativeLinksLeadSomewhere() throws {
        for path in Repository.paths where path.hasSuffix(".md") {
            let text = try Repository.text(of: path)
            for target in Self.links(in: text) where !target.contains("://") && !target.hasPrefix("mailto:") {
                try check(target, in: path)
            }
        }
    }

    @Test func theReadmeNamesEveryDocument() throws {
        let links = Self.links(in: try Repository.text(of: "README.md"))
        for path in Repository.paths where path.hasPrefix("docs/") && path.hasSuffix(".md") {
            #expect(links.contains(path), "README.md does not lead to \(path)")
        }
    }

    @Test func findsLinksAndHeadings() {
        let text = "See [a](docs/a.md#one), ![b](b.png) and\n```\n[not](code.md)\n```\n`[nor](this.md)` [c](#c)."
        #expect(Self.links(in: text) == ["docs/a.md#one", "b.png", "#c"])
        #expect(Self.anchor(of: "## The `wait=` parameter: how?") == "the-wait-parameter-how")
    }

    private func check(_ target: String, in path: String) throws {
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let file = parts[0].isEmpty ? path : Self.normalised(folder.isEmpty ? "\(parts[0])" : "\(folder)/\(parts[0])")
        #expect(Repository.exists(file), "\(path) links to \(target)")
        guard parts.count == 2, file.hasSuffix(".md"), Repository.exists(file) else { return }
        let anchors = try Repository.lines(of: file).filter { $0.hasPrefix("#") }.map(Self.anchor(of:))
        #expect(anchors.contains(String(parts[1])), "\(path) links to \(target), and there is no such heading")
    }

    /// The targets of `[text](target)`, outside of code.
    static func links(in text: String) -> [String] {
        let prose = text.split(separator: "```", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined()
        let plain = prose.replacing(/`[^`\n]*`/, with: "")
        return plain.matches(of: /\]\(([^()\s]+)\)/).map { String($0.output.1) }
    }

    /// The anchor of a heading, as GitHub makes it: lower case, hyphens for spaces, no punctuation.
    static func anchor(of heading: some StringProtocol) -> String {
        let words = heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
        return String(
            words.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : nil }
        )
    }

    /// A path without `.` and `..`.
    private static func normalised(_ path: String) -> String {
        path.split(separator: "/").reduce(into: [Substring]()) { parts, part in
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }.joined(separator: "/")
    }
}
