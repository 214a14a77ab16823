import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// Planned faults, the log of calls, limits, and damage.
@Suite struct SimulatedFaultTests {
    @Test func everyCallHasANumberAndAName() throws {
        let fileSystem = SimulatedFileSystem()
        let file = try fileSystem.open("/data/a", .create)
        try file.write([1, 2], at: 3)
        try file.flush(.manifest)
        try fileSystem.rename("/data/a", to: "/data/b")
        _ = try? fileSystem.open("/data/no", .read)
        #expect(
            fileSystem.calls.map(\.description) == [
                "1 create /data/a", "2 write /data/a, 2 bytes at 3", "3 flush /data/a for manifest",
                "4 rename /data/a", "5 open /data/no",
            ]
        )
        #expect(fileSystem.callCount == 5)
        #expect(fileSystem.openFileCount == 1)
        file.close()
        #expect(fileSystem.openFileCount == 0)
    }

    @Test func aCutBeforeACallKeepsItFromHappening() throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.crashBefore(call: 3)
        let file = try fileSystem.open("/data/a", .create)
        try file.write([1], at: 0)
        #expect(errorCode { try file.flush(.segment) } == SimulatedFileSystem.powerCut)
        #expect(errorCode { try file.size() } == SimulatedFileSystem.powerCut)
        #expect(errorCode { try fileSystem.list("/data") } == SimulatedFileSystem.powerCut)
        file.close()
        #expect(fileSystem.isDown)
        #expect(fileSystem.callCount == 3)
        #expect(fileSystem.survivors(seed: 1, .losesAll).paths == ["/data/"])
    }

    @Test func aCutAfterACallLetsItHappenUnheard() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", [1])
        let file = try fileSystem.open("/data/a", .update)
        try file.write([2], at: 0)
        fileSystem.crashAfter(call: fileSystem.callCount + 1)
        #expect(errorCode { try file.flush(.segment) } == SimulatedFileSystem.powerCut)
        #expect(try fileSystem.survivors(seed: 1, .losesAll).contents(of: "/data/a") == [2])
    }

    @Test func survivorsTakeCallsAgain() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", [1])
        let after = fileSystem.crash(seed: 1)
        #expect(!after.isDown)
        #expect(after.callCount == 0)
        #expect(try after.open("/data/a", .read).read(1, at: 0) == [1])
    }

    @Test func aPlannedErrorIsThrownOnce() throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.fail(call: 1, with: .tooManyOpenFiles)
        #expect(errorCode { try fileSystem.open("/data/a", .create) } == .tooManyOpenFiles)
        #expect(fileSystem.paths == ["/data/"])
        let file = try fileSystem.open("/data/a", .create)
        fileSystem.plan(.failure(.ioError), times: 2) { $0.kind == .write && $0.path == "/data/a" }
        #expect(errorCode { try file.write([1], at: 0) } == .ioError)
        #expect(errorCode { try file.write([1], at: 0) } == .ioError)
        try file.write([1], at: 0)
        #expect(try file.size().value == 1)
    }

    @Test func aShortWriteLeavesItsBeginning() throws {
        let fileSystem = SimulatedFileSystem()
        let file = try fileSystem.open("/data/a", .create)
        fileSystem.shortenWrite(call: 2, to: ByteCount(3))
        #expect(errorCode { try file.write([[1, 2], [3, 4]], at: 0) } == .noSpace)
        #expect(try fileSystem.contents(of: "/data/a") == [1, 2, 3])
    }

    @Test func aLostWriteIsNoticedByNobodyUntilTheCacheIsGone() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", block(of: 1))
        let file = try fileSystem.open("/data/a", .update)
        fileSystem.loseWrite(call: fileSystem.callCount + 1)
        try file.write(block(of: 2), at: 0)
        try file.flush(.segment)
        #expect(try file.read(4096, at: 0) == block(of: 2))
        #expect(try fileSystem.survivors(seed: 1, .keepsAll).contents(of: "/data/a") == block(of: 1))
    }

    @Test func aMisdirectedWriteLandsElsewhere() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/ring", block(of: 1, count: 3 * 4096))
        let ring = try fileSystem.open("/data/ring", .ring)
        fileSystem.misdirectWrite(call: fileSystem.callCount + 1, by: ByteCount(8192))
        try ring.writeBlocks(of: 2, at: 0)
        try ring.flush(.journalFrame)
        let expected = block(of: 1, count: 2 * 4096) + block(of: 2)
        #expect(try fileSystem.durableContents(of: "/data/ring") == expected)
        #expect(try ring.read(3 * 4096, at: 0) == expected)
    }

    @Test func ignoredFlushesSucceedAndDoNothing() throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.ignoreFlushes(at: [.manifest, .manifestName])
        let file = try fileSystem.open("/data/a", .create)
        try file.write([1], at: 0)
        try file.flush(.manifest)
        try fileSystem.flushDirectory("/data", .manifestName)
        #expect(fileSystem.survivors(seed: 1, .losesAll).paths == ["/data/"])
        try file.flush(.segment)
        try fileSystem.flushDirectory("/data", .segmentNames)
        #expect(try fileSystem.survivors(seed: 1, .losesAll).contents(of: "/data/a") == [1])
    }

    @Test func aFullVolumeTakesWhatFits() throws {
        var settings = SimulatedSettings()
        settings.capacityBytes = 3 * 4096
        let fileSystem = SimulatedFileSystem(settings)
        let first = try fileSystem.open("/data/a", .create)
        try first.write(block(of: 1), at: 0)
        let second = try fileSystem.open("/data/b", .create)
        #expect(errorCode { try second.write(block(of: 2, count: 4 * 4096), at: 0) } == .noSpace)
        #expect(try second.size().value == 2 * 4096)
        #expect(try fileSystem.volume(of: "/data").availableBytes == 0)
        try first.write(block(of: 3), at: 0)
        try fileSystem.unlink("/data/a")
        #expect(try fileSystem.volume(of: "/data").availableBytes == 4096)
        try second.write(block(of: 2), at: 2 * 4096)
        fileSystem.setCapacity(bytes: nil)
        try second.write(block(of: 2), at: 9 * 4096)
    }

    @Test func descriptorsAreLimited() throws {
        var settings = SimulatedSettings()
        settings.descriptorCountMax = 2
        let fileSystem = SimulatedFileSystem(settings)
        let first = try fileSystem.open("/data/a", .create)
        let second = try fileSystem.open("/data/b", .create)
        #expect(errorCode { try fileSystem.open("/data/c", .create) } == .tooManyOpenFiles)
        #expect(fileSystem.paths == ["/data/", "/data/a", "/data/b"])
        first.close()
        _ = try fileSystem.open("/data/c", .create)
        #expect(try second.size() == .zero)
    }

    @Test func aVolumeWithoutDirectIORefusesTheRing() throws {
        var settings = SimulatedSettings()
        settings.hasDirectIO = false
        let fileSystem = SimulatedFileSystem(settings)
        try fileSystem.makeDurable("/data/ring", block(of: 1))
        #expect(errorCode { try fileSystem.open("/data/ring", .ring) } == .invalidArgument)
    }

    @Test func directWritesMustBeAligned() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/ring", block(of: 1, count: 8192))
        let ring = try fileSystem.open("/data/ring", .ring)
        let buffer = AlignedBuffer(8192)
        let address = UnsafeRawBufferPointer(rebasing: buffer.bytes[512..<4608])
        let length = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<512])
        let good = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<4096])
        #expect(errorCode { try ring.write([address], at: .zero) } == .invalidArgument)
        #expect(errorCode { try ring.write([length], at: .zero) } == .invalidArgument)
        #expect(errorCode { try ring.write([good, length], at: .zero) } == .invalidArgument)
        #expect(errorCode { try ring.write([good], at: FilePosition(512)) } == .invalidArgument)
        #expect(errorCode { try ring.write([good, good], at: .zero) } == nil)
    }

    @Test func flippedBitsAreInEveryLayer() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.replaceContents(of: "/data/a", with: [1, 2, 3])
        try fileSystem.flipBit(of: "/data/a", at: FilePosition(1), bit: 7)
        #expect(try fileSystem.contents(of: "/data/a") == [1, 130, 3])
        #expect(try fileSystem.survivors(seed: 1).durableContents(of: "/data/a") == [1, 130, 3])
        #expect(errorCode { try fileSystem.flipBit(of: "/data/a", at: FilePosition(3), bit: 0) } == .invalidArgument)
        #expect(fileSystem.callCount == 0)
    }

    @Test func aRecordingHasTheStatesBetweenCalls() throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.startRecording()
        try fileSystem.makeDurable("/data/a", [1])
        _ = try fileSystem.list("/data")
        #expect(fileSystem.moments.map(\.after?.kind) == [nil, .create, .write, .flush, .flushDirectory])
        let durable = fileSystem.moments.map { SimulatedFileSystem($0.image.survivors(seed: 1, .losesAll)).paths.count }
        #expect(durable == [1, 1, 1, 1, 2])
    }

    @Test func theDigestTellsStatesApart() throws {
        func digest(_ path: FilePath, _ bytes: [UInt8]) throws -> UInt64 {
            let fileSystem = SimulatedFileSystem()
            try fileSystem.makeDurable(path, bytes)
            return fileSystem.image.durableDigest
        }
        let digests = [
            try digest("/data/a", [1]), try digest("/data/b", [1]), try digest("/data/a", [2]),
            try digest("/data/a", [1, 0]), try digest("/data/a", []), SimulatedFileSystem().image.durableDigest,
        ]
        #expect(Set(digests).count == digests.count)
        #expect(try digest("/data/a", [1]) == digests[0])
    }
}
