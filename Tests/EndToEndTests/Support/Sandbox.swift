import Foundation
import Synchronization

/// A directory of its own for a test, and the processes that were started in it; both are gone when the test is over.
final class Sandbox: Sendable {
    /// Something that these tests need is not there.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// Where the test's files lie: beside the binaries, because `/tmp` is often memory and never flushed.
    let directory: URL
    private let children = Mutex<[Child]>([])

    private init() throws {
        directory = try Self.millrace().deletingLastPathComponent()
            .appendingPathComponent("end-to-end/\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    /// Runs a test; when it throws, the last lines that its processes said go with it.
    static func run(_ body: (Sandbox) async throws -> Void) async throws {
        let sandbox = try Sandbox()
        do {
            try await body(sandbox)
            await sandbox.close()
        } catch {
            sandbox.tell()
            await sandbox.close()
            throw error
        }
    }

    /// Starts the program under test.
    func millrace(_ name: String, _ arguments: String...) throws -> Child {
        try millrace(name, arguments: arguments)
    }

    /// Starts the program under test.
    ///
    /// - Parameter descriptorsMax: The limit of open files that it gets, if there is to be one.
    func millrace(_ name: String, arguments: [String], descriptorsMax: Int? = nil) throws -> Child {
        let program = try Self.millrace()
        guard let descriptorsMax else { return try start(name, program, arguments) }
        let script = "ulimit -n \(descriptorsMax); exec \"$0\" \"$@\""
        return try start(name, URL(fileURLWithPath: "/bin/sh"), ["-c", script, program.path] + arguments)
    }

    /// Starts a program of the system.
    func program(_ name: String, _ program: String, _ arguments: [String]) throws -> Child {
        try start(name, URL(fileURLWithPath: "/usr/bin/env"), [program] + arguments)
    }

    /// Runs a program of the system to its end, and returns what it printed.
    func run(_ name: String, _ program: String, _ arguments: [String]) async throws -> URL {
        let child = try self.program(name, program, arguments)
        guard try await child.ended(within: .seconds(120)) == .status(0) else {
            throw Missing(description: "\(program) failed: \(child.errorText)")
        }
        return child.output
    }

    private func start(_ name: String, _ executable: URL, _ arguments: [String]) throws -> Child {
        let number = children.withLock { $0.count }
        let child = try Child("\(number)-\(name)", executable, arguments, in: directory)
        children.withLock { $0.append(child) }
        return child
    }

    private func close() async {
        let running = children.withLock { $0 }.filter { $0.exit == nil }
        for child in running { child.send(SIGKILL) }
        // A task of its own: this is done also when the test was cancelled.
        await Task { for child in running { _ = try? await child.ended(within: .seconds(10)) } }.value
        try? FileManager.default.removeItem(at: directory)
    }

    private func tell() {
        for child in children.withLock({ $0 }) {
            let lines = child.errorText.split(separator: "\n").suffix(15)
            guard !lines.isEmpty else { continue }
            let end = child.exit.map { "\($0)" } ?? "running"
            print("--- \(child.name) (\(end)):", lines.joined(separator: "\n"), separator: "\n")
        }
    }

    /// The binary that was built with these tests: it stands beside them.
    static func millrace() throws -> URL {
        let places = ["/proc/self/exe", CommandLine.arguments[0]].map {
            URL(fileURLWithPath: $0).resolvingSymlinksInPath()
        }
        for place in places {
            var folder = place.deletingLastPathComponent()
            while folder.path != "/" {
                let binary = folder.appendingPathComponent("millrace")
                var isDirectory: ObjCBool = false
                let exists = FileManager.default.fileExists(atPath: binary.path, isDirectory: &isDirectory)
                if exists, !isDirectory.boolValue { return binary }
                folder.deleteLastPathComponent()
            }
        }
        throw Missing(description: "no millrace binary stands beside \(places[0].path): run `swift build`")
    }
}
