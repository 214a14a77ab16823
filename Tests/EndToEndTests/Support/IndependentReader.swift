import Foundation

/// Reads segment files with code that is not Millrace's: kafka-python's `MemoryRecords`.
///
/// Made at the beginning of a test, so that a missing reader fails it at once; nothing is skipped without it.
struct IndependentReader {
    private let python: URL

    init() throws {
        let variable = ProcessInfo.processInfo.environment["MILLRACE_PYTHON"] ?? ""
        let root = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
        python = URL(fileURLWithPath: variable, relativeTo: root)
        guard !variable.isEmpty, FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Sandbox.Missing(
                description: """
                    MILLRACE_PYTHON names no Python with kafka-python, the independent reader of segments: run \
                    `make setup`, then MILLRACE_PYTHON=.build-venv/bin/python3 swift test; or `make test`, which does both
                    """
            )
        }
    }

    /// Decodes every record of every segment below a data directory that no broker has open.
    ///
    /// Fails when a batch fails its checksum, or anything else is not as the format says.
    func records(below data: URL, in sandbox: Sandbox) async throws -> [StoredRecord] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("read-segments.py")
        let output = try await sandbox.run("reader", python.path, [script.path, data.path])
        return try Lines.decode(StoredRecord.self, from: output)
    }
}
