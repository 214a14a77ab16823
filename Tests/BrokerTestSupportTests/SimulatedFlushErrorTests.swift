import BrokerTestSupport
import SegmentStore
import SystemPackage
import Testing

/// What Linux does when a flush fails, which is what no program would guess.
@Suite struct SimulatedFlushErrorTests {
    /// A flushed file of `1`, with one block of `2` written over it whose flush has failed.
    private func volumeAfterFailedFlush() throws -> (SimulatedFileSystem, any StoreFile) {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", block(of: 1))
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2), at: 0)
        fileSystem.plan(.failure(.ioError)) { $0.kind == .flush }
        #expect(errorCode { try file.flush(.segment) } == .ioError)
        return (fileSystem, file)
    }

    @Test func aSecondFlushSucceedsOverLostBytes() throws {
        let (fileSystem, file) = try volumeAfterFailedFlush()
        try file.flush(.segment)
        #expect(try file.read(4096, at: 0) == block(of: 2))
        #expect(try fileSystem.survivors(seed: 1, .losesAll).contents(of: "/data/a") == block(of: 1))
        try file.dropCache()
        #expect(try file.read(4096, at: 0) == block(of: 1))
    }

    @Test func onlyWritingAnewMakesLostBytesDurable() throws {
        let (fileSystem, file) = try volumeAfterFailedFlush()
        try file.write(block(of: 2), at: 0)
        try file.flush(.segment)
        for seed in 1...50 as ClosedRange<UInt64> {
            #expect(try fileSystem.survivors(seed: seed).contents(of: "/data/a") == block(of: 2))
        }
    }

    @Test func eachOpenDescriptorIsToldOnce() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", block(of: 1))
        let first = try fileSystem.open("/data/a", .update)
        let second = try fileSystem.open("/data/a", .update)
        try first.write(block(of: 2), at: 0)
        try fileSystem.failWriteback(of: "/data/a", with: .noSpace)
        let late = try fileSystem.open("/data/a", .update)
        #expect(errorCode { try first.flush(.segment) } == .noSpace)
        #expect(errorCode { try second.flush(.segment) } == .noSpace)
        #expect(errorCode { try late.flush(.segment) } == nil)
        #expect(errorCode { try first.flush(.segment) } == nil)
        #expect(errorCode { try second.flush(.segment) } == nil)
    }

    @Test func reopeningLosesTheError() throws {
        let fileSystem = SimulatedFileSystem()
        let file = try fileSystem.open("/data/a", .create)
        try file.write(block(of: 2), at: 0)
        try fileSystem.failWriteback(of: "/data/a")
        file.close()
        let reopened = try fileSystem.open("/data/a", .update)
        #expect(errorCode { try reopened.flush(.segment) } == nil)
        #expect(try fileSystem.durableContents(of: "/data/a") == block(of: 0))
    }

    @Test func aFailedFlushOfTheRingLosesWhatTheDeviceStillShows() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/ring", block(of: 1))
        let ring = try fileSystem.open("/data/ring", .ring)
        try ring.writeBlocks(of: 2, at: 0)
        fileSystem.plan(.failure(.ioError)) { $0.site == .journalFrame }
        #expect(errorCode { try ring.flush(.journalFrame) } == .ioError)
        try ring.flush(.journalFrame)
        #expect(try ring.read(4096, at: 0) == block(of: 2))
        var firsts: Set<UInt8> = []
        for seed in 1...50 as ClosedRange<UInt64> {
            firsts.insert(try fileSystem.survivors(seed: seed).contents(of: "/data/ring")[0])
        }
        #expect(firsts.isSuperset(of: [1, 2]))
    }

    @Test func anInterruptedFlushIsAFailedOne() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", block(of: 1))
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2), at: 0)
        fileSystem.plan(.failure(.interrupted)) { $0.kind == .flush }
        #expect(errorCode { try file.flush(.segment) } == .interrupted)
        try file.flush(.segment)
        #expect(try fileSystem.durableContents(of: "/data/a") == block(of: 1))
    }
}
