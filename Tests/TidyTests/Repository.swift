import Foundation

/// The checkout that these tests belong to, as git sees it: what is committed and what is about to be.
enum Repository {
    /// Where the checkout is, found from this file; symbolic links are resolved, as git knows no others.
    static let root: URL = {
        let thisFile = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        return thisFile.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }()

    /// The paths of all files that git does not ignore, relative to the root and sorted.
    static let paths: [String] = listed().sorted()

    /// The lines of a file, without their line breaks.
    static func lines(of path: String) throws -> [Substring] {
        try text(of: path).split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// A file as UTF-8 text.
    static func text(of path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Whether something stands at a path of the checkout.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// The Swift files below some folders.
    static func swiftFiles(in folders: String...) -> [String] {
        paths.filter { path in path.hasSuffix(".swift") && folders.contains { path.hasPrefix("\($0)/") } }
    }

    /// Everything that people wrote and read as text: not the sample, not golden files.
    static var prosePaths: [String] {
        let kinds = [".swift", ".md", ".py", ".c", ".h", ".modulemap", "Makefile"]
        return paths.filter { path in path.hasPrefix(".ci/") || kinds.contains { path.hasSuffix($0) } }
    }

    private static func listed() -> [String] {
        let git = Process()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = [
            "git", "-C", root.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
        ]
        let output = Pipe()
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return [] }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\0").map(String.init).filter(exists)
    }
}
