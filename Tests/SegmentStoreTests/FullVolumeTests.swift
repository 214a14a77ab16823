import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// A volume that fills up: nothing is lost, and it passes.
@Suite struct FullVolumeTests {
    private static let ballast = StoreWorkload.directory.appending("ballast")

    @Test func aRoundThatFindsNoRoomIsRefusedAsSuchAndCutBack() throws {
        let test = try TestStore()
        _ = try test.append("a")
        test.fileSystem.leave(bytes: 0)
        let size = try test.fileSystem.contents(of: test.segment()).count
        let outcome = try test.append(String(repeating: "x", count: 8000))
        guard case .refused(.noSpace) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(test.store.isFull)
        #expect(!test.store.hasFailed)
        #expect(try test.fileSystem.contents(of: test.segment()).count == size)
        #expect(try test.values() == ["a"])
        #expect(try test.killed().values() == ["a"])
    }

    @Test func itIsFullAtAFloorAndOpenWellAboveIt() throws {
        let test = try TestStore()
        let floor = Int(test.store.space.floorBytes)
        test.fileSystem.leave(bytes: floor)
        test.store.updateSpace()
        #expect(test.store.isFull)
        // Between the floor and a quarter more nothing changes, in either direction.
        test.fileSystem.leave(bytes: floor + floor / 8)
        test.store.updateSpace()
        #expect(test.store.isFull)
        test.fileSystem.leave(bytes: floor + floor / 4 + 4096)
        test.store.updateSpace()
        #expect(!test.store.isFull)
        test.fileSystem.leave(bytes: floor + floor / 8)
        test.store.updateSpace()
        #expect(!test.store.isFull)
        // The broker's own records go below the floor: the store refuses nothing by itself.
        test.fileSystem.leave(bytes: floor / 2)
        test.store.updateSpace()
        #expect(try test.append("own").isCommitted)
    }

    @Test func theBallastIsMadeWithTheDirectoryAndMadeAgainWhenThereIsRoom() throws {
        let test = try TestStore()
        #expect(try test.fileSystem.contents(of: Self.ballast).count >= test.store.ring.ringBytes)
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(Self.ballast)
        // Enough for records, but not for a ballast.
        image.leave(bytes: test.store.ring.ringBytes / 2)
        let again = try TestStore(image)
        #expect(try image.kind(of: Self.ballast) == nil)
        image.setCapacity(bytes: nil)
        again.store.updateSpace()
        #expect(try image.contents(of: Self.ballast).count >= again.store.ring.ringBytes)
    }

    @Test func aReplayTakesTheRoomOfTheBallast() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.checkpoint()
        for number in 0..<8 { _ = try test.append("\(number)" + String(repeating: "x", count: 600)) }
        // What was not flushed is gone, with its room, and something else has taken all that was free.
        let image = test.fileSystem.crash(seed: 1, .losesAll)
        image.leave(bytes: 0)
        let again = try TestStore(image)
        #expect(try again.values().count == 9)
        #expect(try again.fileSystem.kind(of: Self.ballast) == nil)
        // What was left of its room is not enough for another one.
        again.store.updateSpace()
        #expect(try again.fileSystem.kind(of: Self.ballast) == nil)
    }

    @Test func withoutABallastTheStartIsRefusedAndCanBeTriedAgain() throws {
        let test = try TestStore()
        for number in 0..<8 { _ = try test.append("\(number)" + String(repeating: "x", count: 600)) }
        let image = test.fileSystem.crash(seed: 1, .losesAll)
        try image.unlink(Self.ballast)
        image.leave(bytes: 0)
        #expect(throws: StorageError.self) { try TestStore(image) }
        image.setCapacity(bytes: nil)
        #expect(try TestStore(image.afterProcessDeath()).values().count == 8)
    }

    @Test func aCheckpointWithoutRoomWaitsAndLosesNothing() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.contains("checkpoint") }
        #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        #expect(!test.store.hasFailed)
        _ = try test.append("b")
        try test.store.complete(checkpoint)
        try test.checkpoint()
        #expect(try test.killed().values() == ["a", "b"])
    }

    @Test func aCheckpointThatWasGivenUpIsMadeGoodByTheNext() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.checkpoint()
        _ = try test.append("b")
        let checkpoint = try #require(test.store.captureCheckpoint())
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.contains("checkpoint") }
        #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        test.store.abandon(checkpoint)
        _ = try test.append("c")
        try test.checkpoint()
        #expect(try TestStore(test.fileSystem.crash(seed: 2, .losesAll)).values() == ["a", "b", "c"])
    }

    @Test func noRoomAtAFlushIsAFailedFlush() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        test.fileSystem.plan(.failure(.noSpace)) { $0.site == .segment }
        #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        #expect(test.store.hasFailed)
    }

    /// What gives room back needs some itself, for the manifest: the ballast lends it.
    @Test func retentionGoesOnWithoutAnyRoomLeft() throws {
        let test = try TestStore()
        for number in 0..<8 { _ = try test.append("\(number)" + String(repeating: "x", count: 600)) }
        try test.checkpoint()
        test.fileSystem.leave(bytes: 0)
        let outcome = try #require(try test.store.retain(TestStore.key, RetentionPolicy(bytes: ByteCount(700))))
        #expect(outcome.segmentCount > 0 && !test.store.hasFailed)
        #expect(try test.fileSystem.kind(of: Self.ballast) == nil)
        // The room is for what gives room: users' records wait.
        #expect(test.store.isFull)
        let start = try test.log().watermarks.logStart.offset.value
        #expect(try test.killed().values(from: start).last?.first == "7")
    }

    @Test func theBallastThatWasLentIsMadeAgain() throws {
        let test = try TestStore()
        for number in 0..<8 { _ = try test.append("\(number)" + String(repeating: "x", count: 600)) }
        try test.checkpoint()
        test.fileSystem.leave(bytes: 0)
        _ = try test.store.retain(TestStore.key, RetentionPolicy(bytes: ByteCount(700)))
        test.fileSystem.setCapacity(bytes: nil)
        test.store.updateSpace()
        #expect(!test.store.isFull)
        #expect(try test.fileSystem.contents(of: Self.ballast).count >= test.store.ring.ringBytes)
    }

    @Test func deletionsGoOnOnAFullVolume() throws {
        let test = try TestStore()
        for _ in 0..<4 { _ = try test.append(String(repeating: "x", count: 600)) }
        test.fileSystem.leave(bytes: 0)
        let outcome = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(outcome.map(\.isCommitted) == [true])
        try test.checkpoint()
        #expect(try test.fileSystem.volume(of: "/data").availableBytes > 0)
    }
}
