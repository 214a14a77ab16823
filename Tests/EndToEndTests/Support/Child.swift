import Foundation
import Synchronization

/// A process that a test started, with its outputs in files.
///
/// Whatever happens to the test, its ``Sandbox`` kills the process in the end.
final class Child: Sendable {
    /// How a process ended.
    enum Exit: Hashable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    private final class Ending: Sendable {
        let exit = Mutex<Exit?>(nil)
    }

    let name: String
    let output: URL
    let errors: URL
    private let process: Process
    private let ending = Ending()

    init(_ name: String, _ executable: URL, _ arguments: [String], in directory: URL) throws {
        self.name = name
        output = directory.appendingPathComponent("\(name).out")
        errors = directory.appendingPathComponent("\(name).err")
        process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = Self.environment
        process.standardInput = FileHandle.nullDevice
        let ending = ending
        process.terminationHandler = { process in
            let status = process.terminationStatus
            let exit = process.terminationReason == .exit ? Exit.status(status) : Exit.signal(status)
            ending.exit.withLock { $0 = exit }
        }
        let files = try [output, errors].map { try Self.create($0) }
        defer { for file in files { try? file.close() } }
        (process.standardOutput, process.standardError) = (files[0], files[1])
        try process.run()
    }

    /// The process's number.
    var pid: Int32 { process.processIdentifier }

    /// How it ended; nil while it runs.
    var exit: Exit? { ending.exit.withLock { $0 } }

    /// Everything it has said on standard output so far.
    var outputText: String { Self.text(output) }

    /// Everything it has said on standard error so far.
    var errorText: String { Self.text(errors) }

    /// Sends a signal, unless it has ended.
    func send(_ signal: Int32) {
        if exit == nil { kill(pid, signal) }
    }

    /// Waits for the end.
    @discardableResult
    func ended(within limit: Duration = .seconds(60)) async throws -> Exit {
        try await eventually("\(name) ends", within: limit) { exit }
    }

    /// Kills it as a crash would, and waits until nothing of it is left.
    func crash() async throws {
        send(SIGKILL)
        try await ended()
    }

    /// The environment of this process without what is meant for Millrace: tests say everything themselves.
    static let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MILLRACE_") }

    private static func create(_ file: URL) throws -> FileHandle {
        try Data().write(to: file)
        return try FileHandle(forWritingTo: file)
    }

    private static func text(_ file: URL) -> String {
        (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }
}
