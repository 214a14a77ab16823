import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Where the ring lies, how large it is, and in what way it is written.
@Suite struct RingPlaceTests {
    private func configuration(_ change: (inout StoreConfiguration) -> Void) -> StoreConfiguration {
        var configuration = StoreWorkload.configuration
        change(&configuration)
        return configuration
    }

    /// Opens a store; what it says goes to `report`.
    @discardableResult
    private func open(
        _ fileSystem: SimulatedFileSystem,
        _ configuration: StoreConfiguration = StoreWorkload.configuration,
        report: (String) -> Void = { _ in }
    ) throws -> LogStore {
        try LogStore.open(
            configuration,
            fileSystem: fileSystem,
            wallTime: { Timestamp(millisecondsSinceEpoch: 1) },
            randomBytes: { count in (0..<count).map { UInt8($0) } },
            report: report
        )
    }

    /// A configuration with the ring in a directory of its own.
    private var elsewhere: StoreConfiguration {
        configuration { $0.journalDirectory = "/data/ring" }
    }

    private func refusal(_ attempt: () throws -> LogStore) -> String {
        do {
            _ = try attempt()
            return "it was not refused"
        } catch {
            return "\(error)"
        }
    }

    private func volume(_ configure: (inout SimulatedSettings) -> Void) -> SimulatedFileSystem {
        var settings = SimulatedSettings()
        configure(&settings)
        return SimulatedFileSystem(SimulatedFileSystem().image, settings)
    }

    @Test func theBlockIsAsLargeAsDirectIONeeds() throws {
        let fileSystem = volume { $0.directAlignmentBytes = 8192 }
        var said: [String] = []
        let sizes = configuration {
            $0.ringBytes = .kibibytes(128)
            $0.frameBytesMax = .kibibytes(32)
        }
        let store = try open(fileSystem, sizes) { said.append($0) }
        #expect(store.ring.block == 8192)
        #expect(said.contains { $0.contains("on ext4, blocks of 8192 bytes (direct I/O needs 8192), written around") })
        let writes = fileSystem.calls.filter { $0.kind == .directWrite }
        #expect(!writes.isEmpty)
        #expect(writes.allSatisfy { $0.position.map { $0.value % 8192 == 0 } == true })
    }

    @Test func aDeviceThatNeedsLargerBlocksThanTheRingHasIsWrittenThroughTheCache() throws {
        let fileSystem = volume { _ in }
        try open(fileSystem).close()
        var settings = SimulatedSettings()
        settings.directAlignmentBytes = 16_384
        let moved = SimulatedFileSystem(fileSystem.image, settings)
        var said: [String] = []
        _ = try open(moved) { said.append($0) }
        #expect(
            said.contains {
                $0.contains("blocks of 4096 bytes (direct I/O needs 16384), written through the page cache")
            }
        )
    }

    @Test func aProbeWriteThatIsRefusedMeansThroughTheCache() throws {
        let fileSystem = volume { _ in }
        fileSystem.plan(.failure(.invalidArgument)) { $0.kind == .directWrite }
        var said: [String] = []
        let store = try open(fileSystem) { said.append($0) }
        #expect(said.contains { $0.contains("written through the page cache") })
        try store.createTopic(StoredTopic(id: TestStore.topic, name: TopicName(internal: "t"), partitionCount: 1))
        #expect(!fileSystem.calls.contains { $0.kind == .directWrite && $0.site == .journalFrame })
    }

    @Test func theRingTakesASmallShareOfASmallVolume() throws {
        let fileSystem = volume { $0.capacityBytes = 100 << 20 }
        let large = configuration {
            $0.ringBytes = .mebibytes(8)
            $0.frameBytesMax = .kibibytes(256)
        }
        let store = try open(fileSystem, large)
        #expect(store.ring.ringBytes == 2 << 20)
        let tiny = volume { $0.capacityBytes = 20 << 20 }
        let other = try open(tiny, large)
        // Four frames are the least.
        #expect(other.ring.ringBytes == 1 << 20)
    }

    @Test func theRingMayLieElsewhere() throws {
        let fileSystem = volume { _ in }
        let store = try open(fileSystem, elsewhere)
        #expect(fileSystem.paths.contains("/data/ring/journal"))
        #expect(!fileSystem.paths.contains("/data/store/journal"))
        try store.close()
        let missing = refusal { try open(fileSystem.afterProcessDeath()) }
        #expect(missing.contains("--journal-dir that the directory was made with"))
        try open(fileSystem.afterProcessDeath(), elsewhere).close()
    }

    @Test func twoJournalsAreRefused() throws {
        let fileSystem = volume { _ in }
        try open(fileSystem, elsewhere).close()
        let copied = fileSystem.afterProcessDeath()
        try copied.replaceContents(of: "/data/store/journal", with: copied.contents(of: "/data/ring/journal"))
        #expect(refusal { try open(copied, elsewhere) }.contains("there is another journal in /data/ring"))
    }

    @Test func theJournalOfAnotherDirectoryIsNeitherTakenNorReplaced() throws {
        let fileSystem = volume { _ in }
        try open(fileSystem, elsewhere).close()
        let before = try fileSystem.contents(of: "/data/ring/journal")
        var other = elsewhere
        other.directory = "/data/other"
        let taken = refusal { try open(fileSystem, other) }
        #expect(taken.contains("the journal of another data directory"))
        #expect(try fileSystem.contents(of: "/data/ring/journal") == before)
    }

    @Test func aReadOnlyVolumeIsRefusedByName() throws {
        let fileSystem = volume { _ in }
        try open(fileSystem).close()
        let image = fileSystem.afterProcessDeath()
        image.plan(.failure(.readOnlyFileSystem)) { $0.kind == .lock }
        #expect(refusal { try open(image) }.contains("read-only; mount it writable"))
    }
}
