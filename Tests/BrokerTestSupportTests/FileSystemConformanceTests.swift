import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// The contract of `FileSystem`, asked of both conformers: what holds of one and not of the other would make the simulation
/// a liar.
@Suite struct FileSystemConformanceTests {
    enum Conformer: CaseIterable {
        case simulated, posix

        func check(_ body: (any FileSystem, FilePath) throws -> Void) throws {
            switch self {
            case .simulated: try body(SimulatedFileSystem(directory: "/data"), "/data")
            case .posix: try withTemporaryDirectory { try body(PosixFileSystem(), $0) }
            }
        }
    }

    @Test(arguments: Conformer.allCases)
    func openRefusesWhatIsNotThere(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            #expect(errorCode { try fileSystem.open(root.appending("a"), .read) } == .noSuchFileOrDirectory)
            #expect(errorCode { try fileSystem.open(root.appending("a"), .update) } == .noSuchFileOrDirectory)
            #expect(errorCode { try fileSystem.open(root.appending("no/a"), .create) } == .noSuchFileOrDirectory)
            #expect(try fileSystem.kind(of: root.appending("a")) == nil)
            _ = try fileSystem.open(root.appending("a"), .create)
            #expect(errorCode { try fileSystem.open(root.appending("a/b"), .create) } == .notDirectory)
            #expect(errorCode { try fileSystem.open(root, .update) } == .isDirectory)
            #expect(try fileSystem.kind(of: root.appending("a/b")) == nil)
        }
    }

    @Test(arguments: Conformer.allCases)
    func readReturnsWhatWasWritten(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            var random = SplitMix64(seed: 1)
            let bytes = random.bytes(20_000)
            try file.write([Array(bytes[..<5]), [], Array(bytes[5..<9000]), Array(bytes[9000...])], at: 3000)
            #expect(try file.size().value == 23_000)
            #expect(try file.read(20_000, at: 3000) == bytes)
            #expect(try file.read(3000, at: 0) == block(of: 0, count: 3000))
            #expect(try file.read(9000, at: 22_990) == Array(bytes.suffix(10)))
            #expect(try file.read(10, at: 23_000) == [])
            #expect(try file.read(10, at: 99_000) == [])
            try file.write([1, 2, 3], at: 4095)
            let other = try fileSystem.open(root.appending("a"), .read)
            #expect(try other.read(3, at: 4095) == [1, 2, 3])
            #expect(try other.read(1, at: 4098) == [bytes[1098]])
        }
    }

    @Test(arguments: Conformer.allCases)
    func writeTakesMorePiecesThanOneCallDoes(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            let pieces = (0..<5000).map { index in [UInt8](repeating: UInt8(index % 251), count: index % 7) }
            try file.write(pieces, at: 11)
            let bytes = pieces.flatMap { $0 }
            #expect(try file.size().value == 11 + UInt64(bytes.count))
            #expect(try file.read(bytes.count, at: 11) == bytes)
        }
    }

    @Test(arguments: Conformer.allCases)
    func truncateCutsAndExtendsWithZeros(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            try file.write(block(of: 7, count: 10_000), at: 0)
            try file.truncate(to: FilePosition(5000))
            #expect(try file.size().value == 5000)
            try file.truncate(to: FilePosition(12_000))
            #expect(try file.read(12_000, at: 0) == block(of: 7, count: 5000) + block(of: 0, count: 7000))
            try file.flush(.segment)
            try file.dropCache()
            #expect(try file.read(12_000, at: 0) == block(of: 7, count: 5000) + block(of: 0, count: 7000))
        }
    }

    @Test(arguments: Conformer.allCases)
    func createEmptiesWhatIsThere(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            try fileSystem.makeDurable(root.appending("a"), [1, 2, 3])
            let file = try fileSystem.open(root.appending("a"), .create)
            #expect(try file.size() == .zero)
        }
    }

    @Test(arguments: Conformer.allCases)
    func aReaderMayNotWrite(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            try fileSystem.makeDurable(root.appending("a"), [1])
            let file = try fileSystem.open(root.appending("a"), .read)
            #expect(errorCode { try file.write([1], at: 0) } == .badFileDescriptor)
        }
    }

    @Test(arguments: Conformer.allCases)
    func aClosedFileRefusesEverything(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            file.close()
            file.close()
            // Would take the number of the closed one, were that given to the system call.
            let other = try fileSystem.open(root.appending("b"), .create)
            #expect(errorCode { try file.write([1], at: 0) } == .badFileDescriptor)
            #expect(errorCode { try file.read(1, at: 0) } == .badFileDescriptor)
            #expect(errorCode { try file.size() } == .badFileDescriptor)
            #expect(errorCode { try file.truncate(to: .zero) } == .badFileDescriptor)
            #expect(errorCode { try file.flush(.segment) } == .badFileDescriptor)
            #expect(errorCode { try file.dropCache() } == .badFileDescriptor)
            #expect(try other.size() == .zero)
        }
    }

    @Test(arguments: Conformer.allCases)
    func directoriesAreMadeListedAndRemoved(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let directory = root.appending("d")
            try fileSystem.createDirectory(directory)
            #expect(errorCode { try fileSystem.createDirectory(directory) } == .fileExists)
            #expect(errorCode { try fileSystem.createDirectory(root.appending("x/y")) } == .noSuchFileOrDirectory)
            #expect(try fileSystem.kind(of: directory) == .directory)
            for name in ["b", "a", "c"] { _ = try fileSystem.open(directory.appending(name), .create) }
            #expect(try fileSystem.list(directory) == ["a", "b", "c"])
            #expect(try fileSystem.kind(of: directory.appending("a")) == .file)
            #expect(errorCode { try fileSystem.list(directory.appending("a")) } == .notDirectory)
            #expect(errorCode { try fileSystem.list(root.appending("x")) } == .noSuchFileOrDirectory)
            #expect(errorCode { try fileSystem.removeDirectory(directory) } == .directoryNotEmpty)
            for name in ["a", "b", "c"] { try fileSystem.unlink(directory.appending(name)) }
            #expect(errorCode { try fileSystem.unlink(directory.appending("a")) } == .noSuchFileOrDirectory)
            try fileSystem.flushDirectory(directory, .segmentNames)
            try fileSystem.removeDirectory(directory)
            #expect(try fileSystem.list(root) == [])
            #expect(
                errorCode { try fileSystem.flushDirectory(directory, .segmentNames) } == .noSuchFileOrDirectory
            )
        }
    }

    @Test(arguments: Conformer.allCases)
    func renameMovesFilesAndDirectories(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            try fileSystem.createDirectory(root.appending("d"))
            try fileSystem.makeDurable(root.appending("d/a"), [1])
            try fileSystem.makeDurable(root.appending("b"), [2])
            try fileSystem.rename(root.appending("d/a"), to: root.appending("b"))
            #expect(try fileSystem.open(root.appending("b"), .read).read(9, at: 0) == [1])
            #expect(try fileSystem.list(root.appending("d")) == [])
            try fileSystem.rename(root.appending("b"), to: root.appending("d/c"))
            try fileSystem.rename(root.appending("d"), to: root.appending("e"))
            #expect(try fileSystem.list(root) == ["e"])
            #expect(try fileSystem.open(root.appending("e/c"), .read).read(9, at: 0) == [1])
            #expect(
                errorCode { try fileSystem.rename(root.appending("d"), to: root.appending("f")) }
                    == .noSuchFileOrDirectory
            )
            try fileSystem.rename(root.appending("e"), to: root.appending("e"))
            #expect(try fileSystem.list(root) == ["e"])
        }
    }

    @Test(arguments: Conformer.allCases)
    func renameRefusesWhatWouldLoseADirectory(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            for name in ["d", "e"] { try fileSystem.createDirectory(root.appending(name)) }
            _ = try fileSystem.open(root.appending("d/a"), .create)
            _ = try fileSystem.open(root.appending("f"), .create)
            func rename(_ source: String, _ target: String) -> Errno? {
                errorCode { try fileSystem.rename(root.appending(source), to: root.appending(target)) }
            }
            #expect(rename("e", "d") == .directoryNotEmpty)
            #expect(rename("f", "d") == .isDirectory)
            #expect(rename("e", "f") == .notDirectory)
            #expect(rename("d", "d/x") == .invalidArgument)
            #expect(rename("d", "e") == nil)
            #expect(try fileSystem.list(root) == ["e", "f"])
        }
    }

    @Test(arguments: Conformer.allCases)
    func anOpenFileOutlivesItsName(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            try fileSystem.makeDurable(root.appending("a"), [1, 2])
            let file = try fileSystem.open(root.appending("a"), .update)
            try fileSystem.unlink(root.appending("a"))
            #expect(try file.read(9, at: 0) == [1, 2])
            try file.write([3], at: 2)
            try file.flush(.segment)
            #expect(try file.size().value == 3)
        }
    }

    @Test(arguments: Conformer.allCases)
    func aLockHasOneHolder(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let held = root.appending("held")
            #expect(throws: FileError.self) { try fileSystem.hold(held) }
            let file = try fileSystem.open(held, .create)
            try file.write(block(of: 7, count: 10), at: 0)
            let hold = try #require(try fileSystem.hold(held))
            #expect(try fileSystem.hold(held) == nil)
            #expect(try file.read(20, at: 0) == block(of: 7, count: 10))
            hold.release()
            #expect(try fileSystem.hold(held) != nil)
            let path = root.appending("lock")
            let first = try #require(try fileSystem.lock(path))
            #expect(try fileSystem.lock(path) == nil)
            first.release()
            let second = try #require(try fileSystem.lock(path))
            first.release()
            #expect(try fileSystem.lock(path) == nil)
            second.release()
            #expect(try fileSystem.lock(path) != nil)
        }
    }

    @Test(arguments: Conformer.allCases)
    func theRingIsReadAndWrittenInBlocks(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let path = root.appending("ring")
            try fileSystem.makeDurable(path, block(of: 1, count: 4 * 4096))
            let refusal = errorCode { try fileSystem.open(path, .ring) }
            // A volume without direct I/O; the store has a way for it.
            if refusal == .invalidArgument { return }
            let ring = try fileSystem.open(path, .ring)
            let buffered = try fileSystem.open(path, .update)
            #expect(try buffered.read(1, at: 4096) == [1])
            try ring.writeBlocks(of: 2, at: 4096)
            #expect(try buffered.read(4096, at: 4096) == block(of: 2))
            try buffered.write([3], at: 5)
            #expect(try ring.read(8192, at: 0)[4...6] == [1, 3, 1])
            try ring.flush(.journalFrame)
            #expect(try ring.size().value == 4 * 4096)
            #expect(errorCode { try ring.writeBlocks(of: 4, at: 512 + 1) } == .invalidArgument)
            #expect(errorCode { try ring.read(100, at: 0) } == .invalidArgument)
        }
    }

    @Test(arguments: Conformer.allCases)
    func theVolumeHasRoom(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let volume = try fileSystem.volume(of: root)
            #expect(volume.availableBytes <= volume.totalBytes)
            #expect(volume.totalBytes > 0)
            #expect(!volume.type.isEmpty)
            #expect(
                errorCode { try fileSystem.volume(of: root.appending("no")) } == .noSuchFileOrDirectory
            )
        }
    }

    @Test(arguments: Conformer.allCases)
    func allocatedRoomReadsAsZerosAndKeepsWhatWasThere(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            try file.write([[1, 2, 3]], at: 0)
            try file.allocate(to: FilePosition(10_000))
            #expect(try file.size().value == 10_000)
            #expect(try file.read(10_000, at: 0) == [1, 2, 3] + block(of: 0, count: 9997))
            try file.allocate(to: FilePosition(5))
            #expect(try file.size().value == 10_000)
            let reader = try fileSystem.open(root.appending("a"), .read)
            #expect(errorCode { try reader.allocate(to: FilePosition(20_000)) } == .badFileDescriptor)
        }
    }

    @Test(arguments: Conformer.allCases)
    func startedWritebackChangesNothingThatIsRead(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            let file = try fileSystem.open(root.appending("a"), .create)
            try file.write([block(of: 7, count: 20_000)], at: 0)
            try file.startWriteback(at: FilePosition(4096), bytes: ByteCount(8192))
            try file.startWriteback(at: FilePosition(0), bytes: ByteCount(0))
            #expect(try file.read(20_000, at: 0) == block(of: 7, count: 20_000))
            file.close()
            #expect(errorCode { try file.startWriteback(at: .zero, bytes: ByteCount(1)) } == .badFileDescriptor)
        }
    }

    @Test(arguments: Conformer.allCases)
    func directAlignmentIsAPowerOfTwoWhereItIsKnown(_ conformer: Conformer) throws {
        try conformer.check { fileSystem, root in
            _ = try fileSystem.open(root.appending("a"), .create)
            if let alignment = try fileSystem.directAlignment(of: root.appending("a")) {
                #expect(alignment.value >= 512 && alignment.value.nonzeroBitCount == 1)
            }
            #expect(errorCode { try fileSystem.directAlignment(of: root.appending("b")) } == .noSuchFileOrDirectory)
        }
    }
}
