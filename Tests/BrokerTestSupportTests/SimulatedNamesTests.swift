import BrokerTestSupport
import SegmentStore
import SystemPackage
import Testing

/// What a power cut keeps of names.
@Suite struct SimulatedNamesTests {
    private static let seeds: ClosedRange<UInt64> = 1...200

    /// The listings that the seeds leave, each as one text.
    private func listings(_ fileSystem: SimulatedFileSystem) -> Set<String> {
        Set(Self.seeds.map { fileSystem.survivors(seed: $0).paths.joined(separator: " ") })
    }

    @Test func aFlushedFileWithoutAFlushedNameMayBeGone() throws {
        let fileSystem = SimulatedFileSystem()
        let file = try fileSystem.open("/data/a", .create)
        try file.write([1], at: 0)
        try file.flush(.segment)
        #expect(listings(fileSystem) == ["/data/", "/data/ /data/a"])
        try fileSystem.flushDirectory("/data", .segmentNames)
        #expect(listings(fileSystem) == ["/data/ /data/a"])
        #expect(try fileSystem.survivors(seed: 1).contents(of: "/data/a") == [1])
    }

    @Test func anUnlinkedNameMayComeBackWithItsBytes() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/a", [1])
        try fileSystem.unlink("/data/a")
        #expect(listings(fileSystem) == ["/data/", "/data/ /data/a"])
        #expect(try fileSystem.survivors(seed: 1, .losesAll).contents(of: "/data/a") == [1])
        try fileSystem.flushDirectory("/data", .segmentNames)
        #expect(listings(fileSystem) == ["/data/"])
    }

    @Test func aRenameIsLostOrKeptButNeverHalf() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/manifest", [1])
        try fileSystem.makeDurable("/data/manifest.new", [2])
        try fileSystem.rename("/data/manifest.new", to: "/data/manifest")
        var outcomes: Set<String> = []
        for seed in Self.seeds {
            let after = fileSystem.survivors(seed: seed)
            let content = try after.contents(of: "/data/manifest")
            outcomes.insert("\(content) \(after.paths.count)")
        }
        #expect(outcomes == ["[1] 3", "[2] 2"])
        try fileSystem.flushDirectory("/data", .manifestName)
        #expect(listings(fileSystem) == ["/data/ /data/manifest"])
    }

    @Test func aRenameKeptWithoutAFlushOfTheFileMayShowAnything() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.makeDurable("/data/manifest", [1])
        let file = try fileSystem.open("/data/manifest.new", .create)
        try file.write([2], at: 0)
        try fileSystem.rename("/data/manifest.new", to: "/data/manifest")
        try fileSystem.flushDirectory("/data", .manifestName)
        var contents: Set<[UInt8]> = []
        for seed in Self.seeds { contents.insert(try fileSystem.survivors(seed: seed).contents(of: "/data/manifest")) }
        #expect(contents.isSuperset(of: [[], [0], [2]]))
        #expect(!contents.contains([1]))
    }

    @Test func aRenameBetweenDirectoriesWaitsForBoth() throws {
        for (first, second) in [("/data/from", "/data/to"), ("/data/to", "/data/from")] as [(FilePath, FilePath)] {
            let fileSystem = SimulatedFileSystem()
            for path in ["/data/from", "/data/to"] as [FilePath] { try fileSystem.createDirectory(path) }
            try fileSystem.flushDirectory("/data", .topicName)
            try fileSystem.makeDurable("/data/from/a", [1])
            try fileSystem.rename("/data/from/a", to: "/data/to/a")
            try fileSystem.flushDirectory(first, .topicName)
            let before = "/data/ /data/from/ /data/from/a /data/to/"
            let after = "/data/ /data/from/ /data/to/ /data/to/a"
            #expect(listings(fileSystem) == [before, after])
            try fileSystem.flushDirectory(second, .topicName)
            #expect(listings(fileSystem) == [after])
        }
    }

    @Test func aRenamedDirectoryTakesItsContentAlong() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.createDirectory("/data/new")
        try fileSystem.makeDurable("/data/new/topic", [1])
        try fileSystem.rename("/data/new", to: "/data/id")
        try fileSystem.flushDirectory("/data", .topicName)
        #expect(listings(fileSystem) == ["/data/ /data/id/ /data/id/topic"])
    }

    @Test func aLaterFlushedChangeOfASlotBringsTheEarlierAlong() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.createDirectory("/data/d")
        try fileSystem.flushDirectory("/data", .topicName)
        try fileSystem.makeDurable("/data/d/a", [1])
        // Waits for both directories; the unlink of the same slot waits for one alone.
        try fileSystem.rename("/data/d/a", to: "/data/b")
        try fileSystem.unlink("/data/b")
        try fileSystem.flushDirectory("/data", .topicName)
        #expect(listings(fileSystem) == ["/data/ /data/d/"])
    }

    @Test func changesSurviveEachOnItsOwn() throws {
        let fileSystem = SimulatedFileSystem()
        for name in ["a", "b", "c"] { _ = try fileSystem.open(FilePath("/data/\(name)"), .create) }
        #expect(listings(fileSystem).count == 8)
    }

    @Test func aNameFlushedInALostDirectoryIsLostWithIt() throws {
        let fileSystem = SimulatedFileSystem()
        try fileSystem.createDirectory("/data/d")
        try fileSystem.makeDurable("/data/d/a", [1])
        #expect(listings(fileSystem) == ["/data/", "/data/ /data/d/ /data/d/a"])
    }
}
