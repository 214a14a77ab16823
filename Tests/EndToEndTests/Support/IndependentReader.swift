import Foundation

/// Reads segment files with code that is not Millrace's: kafka-python's `MemoryRecords`.
///
/// Made at the beginning of a test, so that a missing reader fails it at once; nothing is skipped without it.
struct IndependentReader {
    private let script: PythonScript

    init() throws {
        script = try PythonScript("read-segments.py")
    }

    /// Decodes every record of every segment below a data directory that no broker has open.
    ///
    /// Fails when a batch fails its checksum, or anything else is not as the format says.
    func records(below data: URL, in sandbox: Sandbox) async throws -> [StoredRecord] {
        let output = try await script.run(in: sandbox, data.path)
        return try Lines.decode(StoredRecord.self, from: output)
    }
}
