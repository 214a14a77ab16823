import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// A data directory on a file system that cannot be written: a real one, mounted so.
    @Suite(.enabled(if: MemoryVolume.isPossible, "needs the right to mount file systems"))
    struct ReadOnlyTests {
        @Test(.timeLimit(.minutes(5)))
        func aNewDirectoryIsRefused() async throws {
            try await Sandbox.run { sandbox in
                try await MemoryVolume.use(in: sandbox) { volume in
                    try await volume.mount("remount,ro")
                    let data = volume.path.appendingPathComponent("data")
                    try await Self.expectRefusal(sandbox, data)
                    #expect(!FileManager.default.fileExists(atPath: data.path))
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aDirectoryThatWasUsedIsRefusedAndServesAgainWhenItCanBeWritten() async throws {
            try await Sandbox.run { sandbox in
                try await MemoryVolume.use(in: sandbox) { volume in
                    let name = "\(volume.path.lastPathComponent)/data"
                    let broker = try await BrokerProcess.start(in: sandbox, data: name)
                    try await broker.withClient { client in
                        try await client.createTopic("orders", partitions: 1)
                        _ = try await client.produce("orders", [NewRecord(key: "a", value: 1)])
                    }
                    // Not stopped in order, so that the next start has something to write.
                    try await broker.child.crash()
                    try await volume.mount("remount,ro")
                    try await Self.expectRefusal(sandbox, broker.data)
                    try await volume.mount("remount,rw")
                    let again = try await BrokerProcess.start(in: sandbox, data: name)
                    #expect(try await again.withClient { try await $0.recordCount("orders") } == 1)
                    #expect(try await again.stop() == .status(0))
                }
            }
        }

        private static func expectRefusal(_ sandbox: Sandbox, _ data: URL) async throws {
            let refused = try sandbox.millrace(
                "refused",
                "serve",
                "--port",
                "0",
                "--data-dir",
                data.path,
                "--journal-mib",
                "16"
            )
            #expect(try await refused.ended() == .status(73))
            #expect(
                refused.errorText.contains("the file system is read-only; mount it writable"),
                "\(refused.errorText)"
            )
            #expect(refused.errorText.contains(data.path))
            #expect(refused.outputText.isEmpty)
        }
    }
}

/// A file system of its own, in memory.
private struct MemoryVolume {
    let path: URL
    private let sandbox: Sandbox

    /// Whether this process may mount one: root mostly may, in a container often not.
    static let isPossible: Bool = {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        guard geteuid() == 0, mkdir(place.path, 0o700) == 0 else { return false }
        defer { rmdir(place.path) }
        guard Glibc.mount("tmpfs", place.path, "tmpfs", 0, "size=1m") == 0 else { return false }
        return umount(place.path) == 0
    }()

    /// Mounts one, and takes it away at the end.
    static func use(in sandbox: Sandbox, _ body: (MemoryVolume) async throws -> Void) async throws {
        let volume = MemoryVolume(path: sandbox.directory.appendingPathComponent("volume"), sandbox: sandbox)
        try FileManager.default.createDirectory(at: volume.path, withIntermediateDirectories: true)
        try await volume.mount("size=200m")
        do {
            try await body(volume)
        } catch {
            umount2(volume.path.path, Int32(MNT_DETACH))
            throw error
        }
        umount2(volume.path.path, Int32(MNT_DETACH))
    }

    func mount(_ options: String) async throws {
        _ = try await sandbox.run("mount", "mount", ["-t", "tmpfs", "-o", options, "tmpfs", path.path])
    }
}
