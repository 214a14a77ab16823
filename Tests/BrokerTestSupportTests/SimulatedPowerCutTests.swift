import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// What a power cut keeps of a file's bytes and size.
@Suite struct SimulatedPowerCutTests {
    private static let seeds: ClosedRange<UInt64> = 1...300

    /// A flushed file of four blocks of `1`, as it stands before each test's unflushed changes.
    private func volumeWithFile() throws -> SimulatedFileSystem {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", block(of: 1, count: 4 * 4096))
        return fileSystem
    }

    /// What the seeds make of one block, in words.
    private func kinds(
        _ fileSystem: SimulatedFileSystem,
        block index: Int,
        old: UInt8,
        new: UInt8
    ) throws -> Set<String> {
        var kinds: Set<String> = []
        for seed in Self.seeds {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")
            let block = bytes[index * 4096..<min(bytes.count, (index + 1) * 4096)]
            switch Set(block) {
            case []: kinds.insert("absent")
            case [old]: kinds.insert("old")
            case [new]: kinds.insert("new")
            case [0]: kinds.insert("zero")
            case [old, new]: kinds.insert("torn")
            default: kinds.insert("garbage")
            }
        }
        return kinds
    }

    @Test func whatIsFlushedSurvivesAlways() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2), at: 4096)
        try file.flush(.segment)
        try file.write(block(of: 3), at: 3 * 4096)
        try file.write(block(of: 4), at: 4 * 4096)
        for seed in Self.seeds {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")
            #expect(Array(bytes[..<(3 * 4096)]) == block(of: 1) + block(of: 2) + block(of: 1))
        }
    }

    @Test func unflushedBlocksAreOldNewTornZeroOrGarbage() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2), at: 4096)
        #expect(
            try kinds(fileSystem, block: 1, old: 1, new: 2) == ["old", "new", "torn", "zero", "garbage"]
        )
        #expect(try kinds(fileSystem, block: 0, old: 1, new: 2) == ["old"])
    }

    @Test func blocksSurviveEachOnItsOwn() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2, count: 4 * 4096), at: 0)
        var patterns: Set<[UInt8]> = []
        for seed in 1...3000 as ClosedRange<UInt64> {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")
            let pattern = (0..<4).map { bytes[$0 * 4096] }
            if pattern.allSatisfy({ $0 == 1 || $0 == 2 }) { patterns.insert(pattern) }
        }
        #expect(patterns.count == 16)
    }

    @Test func tearingHappensAtSectors() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2), at: 0)
        var tears: Set<Int> = []
        for seed in 1...1000 as ClosedRange<UInt64> {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")[..<4096]
            guard Set(bytes) == [1, 2] else { continue }
            for place in 1..<4096 where bytes[place] != bytes[place - 1] {
                #expect(place % 512 == 0)
                tears.insert(place / 512)
            }
        }
        #expect(tears == Set(1...7))
    }

    @Test func grownSizesMayBeLostAndTheirBytesMayBeZeros() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2, count: 100), at: 4 * 4096)
        try file.write(block(of: 2, count: 100), at: 4 * 4096 + 100)
        var sizes: Set<Int> = []
        var hasZeros = false
        for seed in Self.seeds {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")
            sizes.insert(bytes.count)
            hasZeros = hasZeros || bytes.count == 4 * 4096 + 200 && Set(bytes[(4 * 4096)...]) == [0]
        }
        #expect(sizes == [4 * 4096, 4 * 4096 + 100, 4 * 4096 + 200])
        #expect(hasZeros)
    }

    @Test func aCutMayBeLostButBringsNoGarbage() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.truncate(to: FilePosition(4096))
        var sizes: Set<Int> = []
        for seed in Self.seeds {
            let bytes = try fileSystem.survivors(seed: seed).contents(of: "/data/a")
            sizes.insert(bytes.count)
            #expect(Set(bytes).isSubset(of: [0, 1]))
            #expect(Set(bytes[..<4096]) == [1])
        }
        #expect(sizes == [4096, 4 * 4096])
        try file.flush(.segment)
        #expect(try fileSystem.survivors(seed: 1).contents(of: "/data/a") == block(of: 1))
    }

    @Test func bytesBehindACutNeverComeBack() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.truncate(to: FilePosition(100))
        try file.flush(.segment)
        try file.truncate(to: FilePosition(9000))
        try file.flush(.segment)
        let expected = block(of: 1, count: 100) + block(of: 0, count: 8900)
        #expect(try file.read(9000, at: 0) == expected)
        #expect(try fileSystem.survivors(seed: 1).contents(of: "/data/a") == expected)
    }

    @Test func directWritesAreSeenButWaitForAFlush() throws {
        let fileSystem = try volumeWithFile()
        let ring = try fileSystem.open("/data/a", .ring)
        try ring.writeBlocks(of: 2, at: 4096)
        #expect(try ring.read(4096, at: 4096) == block(of: 2))
        #expect(
            try kinds(fileSystem, block: 1, old: 1, new: 2) == ["old", "new", "torn", "zero", "garbage"]
        )
        try ring.flush(.journalFrame)
        #expect(try kinds(fileSystem, block: 1, old: 1, new: 2) == ["new"])
    }

    @Test func aDirectReadMovesDirtyPagesToTheDevice() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        let ring = try fileSystem.open("/data/a", .ring)
        try file.write(block(of: 2), at: 0)
        #expect(try ring.read(4096, at: 0) == block(of: 2))
        #expect(try kinds(fileSystem, block: 0, old: 1, new: 2).isSuperset(of: ["old", "new"]))
    }

    @Test func theExtremesAreExact() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2, count: 5 * 4096), at: 0)
        _ = try fileSystem.open("/data/b", .create)
        let nothing = fileSystem.survivors(seed: 1, .losesAll)
        #expect(try nothing.contents(of: "/data/a") == block(of: 1, count: 4 * 4096))
        #expect(nothing.paths == ["/data/", "/data/a"])
        let everything = fileSystem.survivors(seed: 1, .keepsAll)
        #expect(try everything.contents(of: "/data/a") == block(of: 2, count: 5 * 4096))
        #expect(everything.paths == ["/data/", "/data/a", "/data/b"])
    }

    @Test func theSameSeedGivesTheSameSurvivors() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        try file.write(block(of: 2, count: 4 * 4096), at: 0)
        for name in ["b", "c", "d"] {
            try fileSystem.open(FilePath("/data/\(name)"), .create).write(block(of: 3), at: 0)
        }
        var digests: Set<UInt64> = []
        for seed in Self.seeds {
            let first = fileSystem.survivors(seed: seed)
            #expect(first.image.durableDigest == fileSystem.survivors(seed: seed).image.durableDigest)
            #expect(first.survivors(seed: seed &+ 1).image.durableDigest == first.image.durableDigest)
            digests.insert(first.image.durableDigest)
        }
        #expect(digests.count > 100)
    }

    @Test func aKilledProcessLosesNothingThatItWrote() throws {
        let fileSystem = try volumeWithFile()
        let file = try fileSystem.open("/data/a", .update)
        _ = try fileSystem.lock("/data/lock")
        try file.write(block(of: 2), at: 0)
        let after = fileSystem.afterProcessDeath()
        #expect(try after.open("/data/a", .read).read(4096, at: 0) == block(of: 2))
        #expect(try after.lock("/data/lock") != nil)
        #expect(errorCode { try file.read(1, at: 0) } == SimulatedFileSystem.powerCut)
        #expect(try after.survivors(seed: 1, .losesAll).contents(of: "/data/a")[0] == 1)
    }
}
