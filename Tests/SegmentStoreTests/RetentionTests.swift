import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

@Suite struct RetentionTests {
    private static func policy(bytes: Int? = nil, seconds: Int64? = nil) -> RetentionPolicy {
        RetentionPolicy(bytes: bytes.map { ByteCount($0) }, ageMaxMilliseconds: seconds.map { $0 * 1000 })
    }

    @Test func segmentsGoWhileEnoughRemains() throws {
        let test = try RetentionStore()
        try test.fill(0..<40)
        try test.checkpoint()
        let before = try test.log().size
        let outcome = try #require(try test.store.retain(RetentionStore.key, Self.policy(bytes: 1500)))
        let after = try test.log().size
        #expect(after.value >= 1500)
        #expect(before.value - after.value == outcome.bytes.value)
        let first = try #require(test.files.first)
        #expect(first == outcome.logStart.value)
        // One more segment would leave less than is to be kept.
        #expect(after.value - 700 < 1500)
        #expect(try test.store.retain(RetentionStore.key, Self.policy(bytes: 1500)) == nil)
        #expect(throws: StorageError.self) { try test.log().read(from: .zero, bytesMax: ByteCount(1)) }
        #expect(try test.content().values.last == RetentionStore.value(39))
        #expect(
            test.fileSystem.paths.filter { $0.hasSuffix(".index") || $0.hasSuffix(".timeindex") }.count == 2
                * (test.files.count - 1)
        )
        let killed = try test.killed()
        #expect(try killed.content().start == first)
        #expect(try killed.content().values.count == 40 - Int(first))
    }

    @Test func nothingGoesAboveTheCheckpoint() throws {
        let test = try RetentionStore()
        for _ in 0..<5 { try test.append(String(repeating: "x", count: 300)) }
        #expect(test.files.count > 2)
        #expect(try test.store.retain(RetentionStore.key, Self.policy(bytes: 1)) == nil)
        try test.checkpoint()
        #expect(try test.store.retain(RetentionStore.key, Self.policy(bytes: 1)) != nil)
        #expect(test.files.count == 1)
    }

    @Test func ageIsTheNewestRecordsAndBoundedByTheSeal() throws {
        let test = try RetentionStore()
        // The first segment claims to be of next year, the second to be of last year.
        try test.fill(0..<7, at: test.wall.now.advanced(byMilliseconds: 365 * 86_400_000))
        try test.fill(7..<14, at: test.wall.now.advanced(byMilliseconds: -365 * 86_400_000))
        try test.fill(14..<22)
        try test.checkpoint()
        #expect(try test.store.retain(RetentionStore.key, Self.policy(seconds: 3600)) == nil)
        test.wall.advance(seconds: 3601)
        let outcome = try #require(try test.store.retain(RetentionStore.key, Self.policy(seconds: 3600)))
        #expect(outcome.segmentCount >= 2)
        #expect(outcome.logStart >= Offset(14))
    }

    @Test func onlyTheBeginningGoes() throws {
        let test = try RetentionStore()
        try test.fill(0..<8)
        try test.fill(8..<40, at: test.wall.now.advanced(byMilliseconds: -10_000_000))
        try test.checkpoint()
        #expect(try test.store.retain(RetentionStore.key, Self.policy(seconds: 5000)) == nil)
        #expect(try test.content().start == 0)
    }

    @Test func anIdleSegmentIsSealedAndThenGoes() throws {
        let test = try RetentionStore()
        try test.fill(0..<3)
        #expect(!test.store.rollIfDue(RetentionStore.key, Self.policy(seconds: 60)))
        test.wall.advance(seconds: 61)
        #expect(test.store.rollIfDue(RetentionStore.key, Self.policy(seconds: 60)))
        #expect(!test.store.rollIfDue(RetentionStore.key, Self.policy(seconds: 60)))
        // Sealed in memory alone: a kill before the checkpoint finds it as it was.
        #expect(try test.cut().content().values.count == 3)
        try test.append(RetentionStore.value(3))
        #expect(test.files == [0, 3])
        #expect(try test.cut().content().values.count == 4)
        try test.checkpoint()
        let outcome = try #require(try test.store.retain(RetentionStore.key, Self.policy(seconds: 60)))
        #expect(outcome.logStart == Offset(3))
        let killed = try test.killed()
        #expect(try killed.content().start == 3)
        test.wall.advance(seconds: 7 * 86_400)
        #expect(killed.store.rollIfDue(RetentionStore.key, Self.policy()))
        try killed.checkpoint()
        #expect(try killed.store.retain(RetentionStore.key, Self.policy(seconds: 60))?.logStart == Offset(4))
        #expect(killed.files == [])
        let empty = try killed.killed()
        #expect(try empty.content().start == 4)
        try empty.append(RetentionStore.value(4))
        #expect(try empty.killed().content().values == [RetentionStore.value(4)])
    }

    @Test func aReaderInFlightFinishes() throws {
        let test = try RetentionStore()
        try test.fill(0..<20)
        try test.checkpoint()
        let log = try test.log()
        let segment = try #require(log.state.withLock { $0.sealed.first?.segment })
        segment.acquire()
        _ = try test.store.retain(RetentionStore.key, Self.policy(bytes: 1))
        try test.store.removeRetiredFiles()
        #expect(test.files.first == 0)
        let reader = SegmentReader(segment: segment, limit: FilePosition(300), end: Offset(7), isSealed: true)
        #expect(try reader.read(from: .zero, bytesMax: ByteCount(1)).count == 1)
        segment.release()
        // A kill leaves the file behind; the manifest still names it, and the next run goes on.
        let killed = try test.killed()
        #expect(killed.files.first == 0)
        try killed.store.removeRetiredFiles()
        #expect(killed.files.count == 1)
    }

    @Test func aPartitionThatIsSetAsideKeepsEverything() throws {
        let test = try RetentionStore()
        try test.fill(0..<20)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        let first = try #require(image.paths.first { $0.hasSuffix("00000000.log") })
        try image.unlink(FilePath(first))
        let after = try RetentionStore(image, wall: test.wall)
        #expect(try after.log().quarantine != nil)
        #expect(try after.store.retain(RetentionStore.key, Self.policy(bytes: 1)) == nil)
        #expect(!after.store.rollIfDue(RetentionStore.key, Self.policy(seconds: 0)))
        guard case .refused(.quarantined) = try after.deletePrefix(before: 2) else {
            Issue.record("a prefix of a quarantined partition was deleted")
            return
        }
    }

    @Test func aListThatHasChangedMeanwhileIsLeftAlone() throws {
        let test = try RetentionStore()
        try test.fill(0..<30)
        try test.checkpoint()
        let log = try test.log()
        let stale = log.expired(Self.policy(bytes: 1), now: test.wall.now)
        #expect(try log.letGo(Array(stale.prefix(1))))
        let isGone = try log.letGo(stale)
        #expect(!isGone)
        #expect(try test.content().start == stale[0].facts.end.value)
    }

    @Test func aManifestThatCannotBeReplacedChangesNothing() throws {
        let test = try RetentionStore()
        try test.fill(0..<20)
        try test.checkpoint()
        // Twice: the room that the ballast gives is not enough either.
        test.fileSystem.plan(.failure(.noSpace), times: 2) {
            $0.kind == .write && $0.path.string.hasSuffix("manifest.new")
        }
        #expect(throws: StorageError.self) { try test.store.retain(RetentionStore.key, Self.policy(bytes: 1)) }
        #expect(!test.store.hasFailed)
        #expect(try test.content().start == 0)
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .manifest }
        #expect(throws: StorageError.self) { try test.store.retain(RetentionStore.key, Self.policy(bytes: 1)) }
        #expect(test.store.hasFailed)
    }
}
