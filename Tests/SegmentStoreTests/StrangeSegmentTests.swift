import BrokerTestSupport
import RecordFormat
import Synchronization
import SystemPackage
import Testing

@testable import SegmentStore

/// Segments whose file is not the one that was written, and blocks that cannot be read: nothing wrong is served, and somebody
/// is told.
@Suite struct StrangeSegmentTests {
    private static let theirs = StoreWorkload.directory.appending("topics").appending(TestStore.topic.hex)
        .appending("1").appending("00000000000000000000.log")

    /// A stopped store of two partitions with several segments each.
    private static func closed(_ bytes: Int, _ otherBytes: Int) throws -> (image: SimulatedFileSystem, end: Offset) {
        let test = try TestStore()
        for number in 10..<20 {
            _ = try test.append("a\(number)" + String(repeating: "x", count: bytes))
            _ = try test.append("b\(number)" + String(repeating: "x", count: otherBytes), to: TestStore.other)
        }
        try test.store.close()
        let end = try #require(try test.log().state.withLock { $0.sealed.first?.facts.end })
        return (test.fileSystem.afterProcessDeath(), end)
    }

    private static func swap(in image: SimulatedFileSystem, _ test: FilePath) throws {
        let (mine, others) = (try image.contents(of: test), try image.contents(of: theirs))
        try image.replaceContents(of: test, with: others)
        try image.replaceContents(of: theirs, with: mine)
    }

    private func expectHole(_ test: TestStore, _ key: PartitionKey, from offset: Offset, to end: Offset?) throws {
        do {
            let found = try test.log(key).read(from: offset, bytesMax: ByteCount(1))
            Issue.record("\(key) serves \(found.batches.count) batches of another partition at \(offset)")
        } catch StorageError.hole(let hole) {
            #expect(hole.from == offset)
            if let end { #expect(hole.to == end) }
        }
    }

    @Test func aSegmentOfAnotherSizeIsOneHole() throws {
        let (image, end) = try Self.closed(100, 90)
        try Self.swap(
            in: image,
            StoreWorkload.directory.appending("topics").appending(TestStore.topic.hex)
                .appending("0").appending("00000000000000000000.log")
        )
        let test = try TestStore(image)
        for key in [TestStore.key, TestStore.other] { #expect(try test.log(key).quarantine != nil) }
        for offset in 0..<end.value { try expectHole(test, TestStore.key, from: Offset(offset), to: end) }
        try expectHole(test, TestStore.other, from: .zero, to: nil)
        #expect(try test.values(from: end.value).first?.hasPrefix("a1\(end.value)") == true)
    }

    @Test func anActiveSegmentOfAnotherSizeIsOneHole() throws {
        let test = try TestStore()
        _ = try test.append("mine")
        _ = try test.append("theirs", to: TestStore.other)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        try Self.swap(in: image, test.segment())
        let after = try TestStore(image)
        for key in [TestStore.key, TestStore.other] { try expectHole(after, key, from: .zero, to: Offset(1)) }
    }

    /// Reads cannot tell it before: batches do not say whose they are.
    @Test func aSegmentOfTheSameSizeIsOneHoleOnceAScrubHasSeenIt() throws {
        let (image, end) = try Self.closed(100, 100)
        let test = try TestStore(image)
        try Self.swap(in: image, test.segment())
        var scrub = Scrub(test.store)
        while try !scrub.step().isFinished {}
        #expect(scrub.progress.damaged == 2)
        try expectHole(test, TestStore.key, from: .zero, to: end)
        try test.checkpoint()
        let after = try test.killed()
        #expect(try after.log().quarantine != nil)
        for key in [TestStore.key, TestStore.other] { try expectHole(after, key, from: .zero, to: end) }
    }

    /// One record below a checkpoint, whose block cannot be read when the next one comes.
    private static func unreadable(_ settings: [String: String]) throws -> TestStore {
        let test = try TestStore()
        if var topic = test.store.topics().first, !settings.isEmpty {
            topic.settings = settings
            try test.store.changeTopic(topic)
        }
        _ = try test.append("a")
        try test.checkpoint()
        let segment = test.segment()
        test.fileSystem.plan(.failure(.ioError)) { $0.kind == .read && $0.path == segment }
        return test
    }

    @Test func aBlockThatCannotBeReadSetsThePartitionAsideAndTellsIt() throws {
        let test = try Self.unreadable([:])
        let told = Mutex<[PartitionKey]>([])
        test.store.onQuarantine { key, _ in told.withLock { $0.append(key) } }
        guard case .refused(.quarantined) = try test.append("b") else {
            Issue.record("it takes a record")
            return
        }
        #expect(told.withLock { $0 } == [TestStore.key])
        #expect(try test.append("c", to: TestStore.other).isCommitted)
    }

    @Test func whereDamageIsPassedAppendsGoOnInANewSegment() throws {
        let test = try Self.unreadable(["onCorruption": "skip"])
        #expect(try test.append("b").isCommitted)
        #expect(try test.log().quarantine == nil)
        #expect(try test.fileSystem.kind(of: test.segment(1)) == .file)
        let after = try test.killed()
        #expect(try after.values() == ["a", "b"])
        try after.checkpoint()
        #expect(try after.killed().values() == ["a", "b"])
    }
}
