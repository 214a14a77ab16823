import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// What a start refuses, and what it says.
@Suite struct RefusalTests {
    private func refusal(of fileSystem: SimulatedFileSystem) throws -> String {
        do {
            _ = try StoreWorkload.open(fileSystem, seed: 5)
        } catch {
            return error.description
        }
        Issue.record("the start was not refused")
        return ""
    }

    @Test func aSecondBrokerIsRefused() throws {
        let test = try TestStore()
        #expect(try refusal(of: test.fileSystem).contains("in use by another broker"))
    }

    /// The lock file can be removed; what no broker runs without is held as well.
    @Test func aSecondBrokerIsRefusedWithoutTheLockFileToo() throws {
        let test = try TestStore()
        try test.fileSystem.unlink(test.path("lock"))
        #expect(try refusal(of: test.fileSystem).contains("in use by another broker"))
        // A copy of the directory has a `millrace.meta` of its own as well, and perhaps the same ring.
        let content = try test.fileSystem.contents(of: test.path("millrace.meta"))
        try test.fileSystem.unlink(test.path("millrace.meta"))
        let file = try test.fileSystem.open(test.path("millrace.meta"), .create)
        try content.withUnsafeBytes { try file.write([$0], at: .zero) }
        file.close()
        #expect(try refusal(of: test.fileSystem).contains("journal is in use by another broker"))
        // Nor does a directory that is to be made take the place of a ring in use.
        for path in test.fileSystem.paths where !path.hasSuffix("/") && !path.hasSuffix("/journal") {
            try test.fileSystem.unlink(FilePath(path))
        }
        for path in test.fileSystem.paths.sorted(by: >) where path.contains("/topics/") {
            try test.fileSystem.removeDirectory(FilePath(path))
        }
        #expect(try refusal(of: test.fileSystem).contains("journal is in use by another broker"))
        test.store.lock.release()
        #expect(try test.fileSystem.hold(test.path("journal")) != nil)
    }

    @Test func whatSomebodyPutBesideTopicsIsLeftAlone() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let image = test.fileSystem.afterProcessDeath()
        let topics = test.path("topics")
        try image.createDirectory(topics.appending("mybackup.new"))
        try image.createDirectory(topics.appending(TestStore.topic.hex + ".old.deleted"))
        let file = try image.open(topics.appending("notes.new"), .create)
        file.close()
        // Ours goes.
        try image.createDirectory(topics.appending(TestStore.topic.hex + ".new"))
        #expect(try TestStore(image).values() == ["a"])
        let left = try image.list(topics)
        #expect(left == [TestStore.topic.hex, TestStore.topic.hex + ".old.deleted", "mybackup.new", "notes.new"])
    }

    @Test func aNewerFormatIsRefusedByItsNumber() throws {
        let test = try TestStore()
        let path = test.path("millrace.meta")
        let image = test.fileSystem.afterProcessDeath()
        var bytes = try image.contents(of: path)
        bytes[11] = 9
        try image.replaceContents(of: path, with: bytes)
        let text = try refusal(of: image)
        #expect(text.contains("format 9") && text.contains("newer version"))
    }

    @Test func aForeignDirectoryIsNotTouched() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.createDirectory(StoreWorkload.directory)
        try fileSystem.createDirectory(StoreWorkload.directory.appending("photos"))
        #expect(try refusal(of: fileSystem).contains("'photos'"))
        #expect(fileSystem.paths.contains("/data/store/photos/"))
        #expect(fileSystem.paths.filter { $0.hasPrefix("/data/store/") } == ["/data/store/", "/data/store/photos/"])
    }

    @Test func topicsWithoutMetaAreRefused() throws {
        let test = try TestStore()
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.path("millrace.meta"))
        #expect(try refusal(of: image).contains("millrace.meta is missing"))
    }

    @Test func aFileOfAnotherDirectoryIsRefused() throws {
        let test = try TestStore()
        let image = test.fileSystem.afterProcessDeath()
        let stranger = SimulatedFileSystem()
        _ = try StoreWorkload.open(stranger, seed: 6)
        try image.replaceContents(of: test.path("journal"), with: stranger.contents(of: test.path("journal")))
        #expect(try refusal(of: image).contains("another data directory"))
    }

    @Test func aDamagedFrameThatWasProvenIsRefused() throws {
        let test = try TestStore()
        _ = try test.append("acknowledged")
        try test.store.writeProofFrame()
        let image = test.fileSystem.afterProcessDeath()
        try image.flipBit(of: test.path("journal"), at: FilePosition(4096 + 80), bit: 3)
        #expect(try refusal(of: image).contains("proves that it had been acknowledged"))
    }

    @Test func aTornLastFrameIsCut() throws {
        let test = try TestStore()
        _ = try test.append("first")
        _ = try test.append("last")
        let image = test.fileSystem.afterProcessDeath()
        // The frames of the run lie from the second block on: one each, and no tail block in a new segment.
        try image.flipBit(of: test.path("journal"), at: FilePosition(4096 + 4096 + 80), bit: 3)
        let after = try TestStore(image)
        #expect(try after.values() == ["first"])
        #expect(try after.append("again").ranges == [AppendedSpan(1, 2)])
    }

    @Test func aFrameAtAWrongPlaceIsRefused() throws {
        let test = try TestStore()
        _ = try test.append("first")
        test.fileSystem.plan(.misdirectedWrite(by: ByteCount(8192))) {
            $0.kind == .directWrite && $0.path == test.path("journal")
        }
        _ = try test.append("second")
        #expect(try refusal(of: test.fileSystem.afterProcessDeath()).contains("LSN"))
    }

    @Test func aSegmentThatLostFlushedBytesIsQuarantinedAndTheOthersGoOn() throws {
        let test = try TestStore()
        _ = try test.append("a")
        _ = try test.append("b", to: TestStore.other)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.segment())
        let after = try TestStore(image)
        #expect(try after.log().quarantine?.reason.contains("is missing") == true)
        guard case .refused(.quarantined) = try after.append("c") else {
            Issue.record("a damaged partition took an append")
            return
        }
        #expect(throws: StorageError.self) { try after.values() }
        #expect(try after.append("d", to: TestStore.other).isCommitted)
        #expect(try after.values(TestStore.other) == ["b", "d"])
    }

    @Test func damageBelowTheCheckpointIsToldAtItsPlace() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        try image.flipBit(of: test.segment(), at: FilePosition(66), bit: 1)
        let after = try TestStore(image)
        do {
            _ = try after.values()
            Issue.record("damaged bytes were served")
        } catch {
            #expect("\(error)".contains("damaged at byte 0"))
        }
        #expect(!after.store.hasFailed)
    }

    @Test func bothSlotsDamagedIsRefused() throws {
        let test = try TestStore()
        let image = test.fileSystem.afterProcessDeath()
        for name in ["checkpoint.a", "checkpoint.b"] {
            try image.flipBit(of: test.path(name), at: FilePosition(40), bit: 0)
        }
        #expect(try refusal(of: image).contains("neither checkpoint"))
    }

    @Test func aRingTooSmallForItsFramesIsRefused() throws {
        var configuration = StoreWorkload.configuration
        configuration.ringBytes = .kibibytes(32)
        do {
            _ = try LogStore.open(
                configuration,
                fileSystem: SimulatedFileSystem(),
                wallTime: { .epoch },
                randomBytes: { [UInt8](repeating: 1, count: $0) },
                report: { _ in }
            )
            Issue.record("the configuration was accepted")
        } catch {
            #expect(error.description.contains("four frames"))
        }
    }
}
