import Foundation
import Testing

/// The examples that people read are those that compile.
@Suite struct ClientExampleTests {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func theClientsPageShowsWhatCompiles() throws {
        let page = try Self.text("docs/client.md")
        let blocks = Self.blocks(in: page.components(separatedBy: "\n"))
        #expect(blocks.count >= 8)
        try Self.check(blocks, of: "docs/client.md")
    }

    @Test func documentationCommentsShowWhatCompiles() throws {
        let folder = Self.root.appendingPathComponent("Sources/MillraceClient")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        var count = 0
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter { $0.hasPrefix("///") }
                .map { String($0.dropFirst($0.hasPrefix("/// ") ? 4 : 3)) }
            let blocks = Self.blocks(in: lines)
            count += blocks.count
            try Self.check(blocks, of: file.lastPathComponent)
        }
        #expect(count >= 3)
    }

    @Test func aBlockIsFound() {
        let lines = ["a", "```swift", "  let x = 1", "", "  use(x)", "```", "```", "plain", "```"]
        #expect(Self.blocks(in: lines) == ["let x = 1\nuse(x)"])
    }

    private static func check(_ blocks: [String], of place: String) throws {
        let examples = normalised(
            try text("Tests/MillraceClientTests/ClientExamples.swift").components(separatedBy: "\n")
        )
        for block in blocks {
            #expect(examples.contains(block), "\(place) shows what is not in ClientExamples.swift:\n\(block)")
        }
    }

    /// The Swift code between fences, without its indentation and empty lines.
    private static func blocks(in lines: [String]) -> [String] {
        var blocks: [String] = []
        var open: [String]?
        for line in lines {
            let text = line.trimmingCharacters(in: .whitespaces)
            if open == nil, text == "```swift" {
                open = []
            } else if let code = open, text == "```" {
                blocks.append(normalised(code))
                open = nil
            } else {
                open?.append(line)
            }
        }
        return blocks
    }

    private static func normalised(_ lines: [String]) -> String {
        lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
