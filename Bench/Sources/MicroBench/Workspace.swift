import BenchSupport
import Glibc

/// A directory for what loops write, made when the first one needs it.
final class Workspace {
    private var made: String?
    private var count = 0

    /// Runs with a new one, which is removed at the end.
    static func withNew(_ body: (Workspace) async throws -> Void) async throws {
        let workspace = Workspace()
        defer { if let made = workspace.made { RunDirectory.remove(made) } }
        try await body(workspace)
    }

    /// A new directory below the one for temporary files.
    func directory() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let root = try made ?? RunDirectory.make(below: parent, named: "micro-bench")
        made = root
        count += 1
        let directory = "\(root)/\(count)"
        try RunDirectory.make(at: directory)
        return directory
    }
}
