import Glibc
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// What is special to the operating system; the contract that it shares with the simulation is asked in
/// `FileSystemConformanceTests`.
@Suite struct PosixFileSystemTests {
    private func withDirectory(_ body: (FilePath) throws -> Void) throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/millrace-XXXXXX".utf8CString)
        let name = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        let directory = FilePath(try #require(name))
        defer {
            let fileSystem = PosixFileSystem()
            for name in (try? fileSystem.list(directory)) ?? [] { try? fileSystem.unlink(directory.appending(name)) }
            try? fileSystem.removeDirectory(directory)
        }
        try body(directory)
    }

    @Test func descriptorsAreNotHandedToOtherPrograms() throws {
        try withDirectory { directory in
            let fileSystem = PosixFileSystem()
            let file = try fileSystem.open(directory.appending("a"), .create)
            let lock = try fileSystem.lock(directory.appending("lock"))
            for name in ["a", "lock"] { #expect(try isClosedAtExec(directory.appending(name)) == [true]) }
            file.close()
            lock?.release()
            #expect(try isClosedAtExec(directory.appending("a")) == [])
        }
    }

    /// For each descriptor of this process that is open on a path, whether another program started by it loses it.
    private func isClosedAtExec(_ path: FilePath) throws -> [Bool] {
        try PosixFileSystem().list("/proc/self/fd").compactMap { Int32($0) }.filter { descriptor in
            var target = [CChar](repeating: 0, count: 4096)
            let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
            let bytes = target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
            return String(decoding: bytes, as: UTF8.self) == path.string
        }.map { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 }
    }

    @Test func theLockNamesItsHolder() throws {
        try withDirectory { directory in
            let fileSystem = PosixFileSystem()
            let path = directory.appending("lock")
            #expect(fileSystem.lockHolder(path) == nil)
            let lock = try #require(try fileSystem.lock(path))
            #expect(try fileSystem.lock(path) == nil)
            #expect(fileSystem.lockHolder(path) == getpid())
            lock.release()
        }
    }

    @Test func aDroppedFileGivesItsDescriptorBack() throws {
        try withDirectory { directory in
            // More than a process may have open, should any be forgotten.
            for _ in 0..<3000 { _ = try PosixFileSystem().open(directory.appending("a"), .create) }
        }
    }

    @Test func nothingReachesAFileThatTookTheNumberOfAClosedOne() async throws {
        let directory = FilePath("/tmp/millrace-race-\(getpid())")
        let fileSystem = PosixFileSystem()
        try fileSystem.createDirectory(directory)
        defer {
            for name in (try? fileSystem.list(directory)) ?? [] { try? fileSystem.unlink(directory.appending(name)) }
            try? fileSystem.removeDirectory(directory)
        }
        for round in 0..<50 {
            let doomed = try fileSystem.open(directory.appending("doomed"), .create)
            let other = try await withThrowingTaskGroup(of: (any StoreFile)?.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let bytes: [UInt8] = [1]
                        for _ in 0..<200 { try? bytes.withUnsafeBytes { try doomed.write([$0], at: .zero) } }
                        return nil
                    }
                }
                group.addTask {
                    doomed.close()
                    return try fileSystem.open(directory.appending("other"), .create)
                }
                return try await group.reduce(nil) { $0 ?? $1 }
            }
            let file = try #require(other)
            #expect(try file.size() == .zero, "round \(round)")
        }
    }

    @Test func theVolumeHasAKnownType() throws {
        let volume = try PosixFileSystem().volume(of: "/proc")
        #expect(volume.type == "proc")
        #expect(try PosixFileSystem().volume(of: "/tmp").type != "unknown")
    }

    @Test func theDeepestMountAndTheLastOfOnePlaceCount() {
        let mounts = PosixMounts(
            text: """
                22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
                30 22 0:25 / /srv/my\\040data rw shared:1 - xfs /dev/vdb rw
                31 22 0:26 / /srv rw shared:1 master:2 - tmpfs tmpfs rw
                32 22 0:27 / /srv rw - btrfs /dev/vdc rw
                a line that means nothing
                """
        )
        #expect(mounts.type(of: "/") == "ext4")
        #expect(mounts.type(of: "/home") == "ext4")
        #expect(mounts.type(of: "/srv") == "btrfs")
        #expect(mounts.type(of: "/srvx") == "ext4")
        #expect(mounts.type(of: "/srv/my data/log") == "xfs")
        #expect(PosixMounts(text: "").type(of: "/") == nil)
    }

    @Test func piecesGoOnWhereAShortWriteEnded() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { memory.deallocate() }
        let lengths = [0, 10, 0, 5, 1, 0]
        var start = 0
        let pieces = lengths.map { length in
            defer { start += length }
            return UnsafeRawBufferPointer(rebasing: memory[start..<start + length])
        }
        for step in 1...16 {
            for countMax in 1...4 {
                var rest = PosixPieces(pieces)
                var written = 0
                while !rest.isDone {
                    let vectors = rest.vectors(countMax: countMax)
                    #expect(!vectors.isEmpty && vectors.count <= countMax)
                    #expect(vectors.allSatisfy { $0.iov_len > 0 })
                    let place = memory.baseAddress.map { $0 + written }
                    #expect(vectors.first?.iov_base == place)
                    let count = min(step, vectors.reduce(0) { $0 + $1.iov_len })
                    written += count
                    rest.advance(by: count)
                }
                #expect(written == 16)
            }
        }
        #expect(PosixPieces([]).isDone)
        #expect(PosixPieces([UnsafeRawBufferPointer(start: nil, count: 0)]).isDone)
    }

    @Test func errorsTellWhatWhereAndWhy() throws {
        try withDirectory { directory in
            let path = directory.appending("no")
            let error = try #require(throws: FileError.self) { try PosixFileSystem().open(path, .read) }
            #expect(error == FileError(.open, path, .noSuchFileOrDirectory))
            #expect(error.description.contains("\(path)"))
        }
    }

    @Test func positionsBeyondTheSystemsRangeAreRefused() throws {
        try withDirectory { directory in
            let file = try PosixFileSystem().open(directory.appending("a"), .create)
            #expect(throws: FileError(.truncate, file.path, .invalidArgument)) {
                try file.truncate(to: FilePosition(.max))
            }
        }
    }
}
