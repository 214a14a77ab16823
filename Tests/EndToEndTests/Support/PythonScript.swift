import Foundation

/// A script beside this file, run by the tests' own Python with the packages that `.ci/setup test` installs.
///
/// Made at the beginning of a test, so that a missing Python fails it at once; nothing is skipped without it.
struct PythonScript {
    private let python: URL
    private let script: URL

    init(_ name: String) throws {
        python = try Self.interpreter(for: name)
        script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name)
    }

    /// The tests' own Python.
    static func interpreter(for name: String) throws -> URL {
        let variable = ProcessInfo.processInfo.environment["MILLRACE_PYTHON"] ?? ""
        let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        let python = URL(fileURLWithPath: variable, relativeTo: root)
        guard !variable.isEmpty, FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Sandbox.Missing(
                description: """
                    MILLRACE_PYTHON names no Python with the tests' packages, which \(name) needs: run `make setup`, \
                    then MILLRACE_PYTHON=.build-venv/bin/python3 swift test; or `make test`, which does both
                    """
            )
        }
        return python
    }

    /// Runs it to its end, and returns what it printed; any end but a good one is an error.
    func run(in sandbox: Sandbox, _ arguments: String...) async throws -> URL {
        try await sandbox.run(script.lastPathComponent, python.path, [script.path] + arguments)
    }

    /// Starts it.
    func start(in sandbox: Sandbox, _ arguments: String...) throws -> Child {
        try start(in: sandbox, arguments: arguments)
    }

    /// Starts it.
    func start(in sandbox: Sandbox, arguments: [String]) throws -> Child {
        try sandbox.program(script.lastPathComponent, python.path, [script.path] + arguments)
    }
}
