import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Whole-file checksums, and the scrub that compares them.
@Suite struct ScrubTests {
    /// A store with several sealed segments in two partitions.
    private static func filled(_ settings: SimulatedSettings = SimulatedSettings()) throws -> TestStore {
        let test = try TestStore(SimulatedFileSystem(SimulatedFileSystem().image, settings))
        for number in 0..<14 {
            let value = "value \(number) " + String(repeating: "x", count: 100)
            _ = try test.append(value)
            _ = try test.append(value, to: TestStore.other)
        }
        try test.checkpoint()
        return test
    }

    /// One lap, to its end.
    private static func lap(_ store: LogStore) throws -> (progress: ScrubProgress, findings: [ScrubFinding]) {
        var scrub = Scrub(store)
        var findings: [ScrubFinding] = []
        for _ in 0..<10_000 {
            let step = try scrub.step()
            if let finding = step.finding { findings.append(finding) }
            if step.isFinished { return (scrub.progress, findings) }
        }
        Issue.record("the lap did not end")
        return (scrub.progress, findings)
    }

    private static func sealed(_ test: TestStore) throws -> [SealedSegment] {
        try test.log().state.withLock { $0.manifest.sealed }
    }

    @Test func theFlusherListsChecksums() throws {
        let test = try Self.filled()
        let sealed = try Self.sealed(test)
        #expect(sealed.count > 2)
        for facts in sealed {
            let bytes = try test.fileSystem.contents(of: test.segment(facts.base.value))
            #expect(facts.checksums?.log == ByteBuffer(bytes: bytes).crc32C)
        }
        #expect(try test.log().state.withLock { $0.sealed.map(\.facts) } == sealed)
        #expect(try Self.sealed(test.killed()) == sealed)
    }

    @Test(arguments: [true, false])
    func aHealthyLapFindsNothing(hasDirectIO: Bool) throws {
        var settings = SimulatedSettings()
        settings.hasDirectIO = hasDirectIO
        let test = try Self.filled(settings)
        let (progress, findings) = try Self.lap(test.store)
        #expect(findings == [])
        #expect(progress.partitionsDone == 2 && progress.partitionCount == 2)
        #expect(progress.segments == 2 * (try Self.sealed(test)).count)
        #expect(progress.bytes.value > 2000)
    }

    @Test func everyFlippedByteOfASealedSegmentIsFound() async throws {
        #expect(try await onItsOwnThread { try Self.flipEveryByte() } == [])
    }

    private static func flipEveryByte() throws -> [String] {
        let image = try filled().fileSystem.afterProcessDeath().image
        var wrongs: [String] = []
        let path = try filled().segment()
        let size = try SimulatedFileSystem(image).contents(of: path).count
        for position in 0..<size {
            let fileSystem = SimulatedFileSystem(image)
            let test = try TestStore(fileSystem)
            try fileSystem.flipBit(of: path, at: FilePosition(UInt64(position)), bit: position % 8)
            let (progress, findings) = try lap(test.store)
            let isTold = findings.contains { "\($0)".contains(path.string) }
            if !isTold || progress.damaged != 1 { wrongs.append("byte \(position): \(findings)") }
            if try test.log().quarantine == nil { wrongs.append("byte \(position): not set aside") }
            if try test.log(TestStore.other).quarantine != nil { wrongs.append("byte \(position): the other") }
        }
        return wrongs
    }

    @Test func theFirstBadBatchIsNamed() throws {
        let test = try Self.filled()
        let size = try #require(try Self.sealed(test).first).size.value
        try test.fileSystem.flipBit(of: test.segment(), at: FilePosition(size - 3), bit: 1)
        let reason = try #require(try Self.lap(test.store).findings.first?.description)
        #expect(reason.contains("damaged at byte ") && !reason.contains("at byte 0:"), "\(reason)")
    }

    @Test func aWriteThatTheDeviceLostIsFoundThoughTheCacheShowsIt() throws {
        let test = try TestStore()
        test.fileSystem.plan(.lostWrite, times: 99) { $0.kind == .write && $0.path == test.segment() }
        for number in 0..<12 { _ = try test.append("value \(number) " + String(repeating: "x", count: 100)) }
        try test.checkpoint()
        #expect(try Self.lap(test.store).findings.count == 1)
        #expect(try test.log().quarantine != nil)
    }

    @Test func aReadThatWasWrongOnceIsNoDamage() throws {
        let test = try Self.filled()
        let path = test.segment()
        test.fileSystem.plan(.failure(.ioError), times: 1) { $0.path == path && $0.kind == .directRead }
        let (progress, findings) = try Self.lap(test.store)
        #expect(findings == [] && progress.damaged == 0)
        #expect(try test.log().quarantine == nil)
    }

    @Test func aSegmentThatCannotBeReadIsSetAside() throws {
        let test = try Self.filled()
        let path = test.segment()
        test.fileSystem.plan(.failure(.ioError), times: 9) { $0.path == path && $0.kind == .directRead }
        #expect(try Self.lap(test.store).progress.damaged == 1)
        #expect(try test.log().quarantine?.reason.contains("read ") == true)
    }

    @Test func anIndexIsMadeAgainAndNobodyIsSetAside() throws {
        let test = try Self.filled()
        let log = test.segment()
        let index = FilePath(String(log.string.dropLast(4)) + ".index")
        let content = try test.fileSystem.contents(of: index)
        try test.fileSystem.replaceContents(of: index, with: content + [0, 0, 0, 1, 0, 0, 0, 9])
        #expect(try Self.lap(test.store).findings == [.rebuiltIndex(index)])
        #expect(try test.fileSystem.contents(of: index) == content)
        try test.fileSystem.unlink(index)
        #expect(try Self.lap(test.store).findings == [.rebuiltIndex(index)])
        #expect(try Self.lap(test.store).findings == [])
        #expect(try test.log().quarantine == nil)
    }

    @Test func aSegmentWithoutChecksumsIsVerifiedAndGetsThem() throws {
        let test = try Self.filled()
        let log = try test.log()
        let before = try Self.sealed(test)
        try log.changeManifest(
            { manifest in
                for index in manifest.sealed.indices { manifest.sealed[index].checksums = nil }
            },
            apply: { $0.adoptFacts() }
        )
        #expect(try Self.lap(test.store).findings == [])
        #expect(try Self.sealed(test) == before)
        #expect(try Self.sealed(test.killed()) == before)
    }

    @Test func aSegmentThatGoesMeanwhileIsNoDamage() throws {
        let test = try Self.filled()
        var scrub = Scrub(test.store)
        for _ in 0..<3 { _ = try scrub.step() }
        for key in [TestStore.key, TestStore.other] {
            try test.log(key).changeManifest(
                { $0.sealed = [] },
                apply: { state in
                    state.sealed = []
                    state.logStart = state.manifest.end
                }
            )
        }
        for _ in 0..<100 { #expect(try scrub.step().finding == nil) }
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(try Self.lap(test.store).progress.segments == 0)
    }
}
