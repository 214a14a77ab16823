import BrokerTestSupport
import NIOCore
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// Damaged files: what is served is right or refused, and no read traps or goes on for ever.
@Suite struct DamageTests {
    /// A directory of several segments, closed in order.
    private static func closed() throws -> (image: SimulatedImage, values: [String], segments: [Int64]) {
        let test = try TestStore()
        let values = (0..<14).map { "value \($0) " + String(repeating: "x", count: $0 * 13 % 60) }
        for value in values { _ = try test.append(value) }
        try test.checkpoint()
        try test.store.close()
        let segments = test.fileSystem.paths.compactMap { path -> Int64? in
            guard path.contains("/0/"), path.hasSuffix(".log") else { return nil }
            return Int64(path.dropLast(4).suffix(20))
        }
        return (test.fileSystem.image, values, segments)
    }

    @Test func everyFlippedBitOfALogIsRefusedOrHarmless() async throws {
        let wrong = try await onItsOwnThread { try Self.flipEveryByteOfALog() }
        #expect(wrong == [])
    }

    private static func flipEveryByteOfALog() throws -> [String] {
        let (image, values, segments) = try Self.closed()
        #expect(segments.count > 1)
        var wrong: [String] = []
        for base in segments {
            let clean = try TestStore(SimulatedFileSystem(image))
            let size = try clean.fileSystem.contents(of: clean.segment(base)).count
            for position in 0..<size {
                let fileSystem = SimulatedFileSystem(image)
                try fileSystem.flipBit(of: clean.segment(base), at: FilePosition(UInt64(position)), bit: position % 8)
                let test = try TestStore(fileSystem)
                for start in stride(from: 0, to: values.count, by: 3) {
                    guard let found = try? test.values(from: Int64(start), bytesMax: 300) else { continue }
                    if found != Array(values[start...]) {
                        wrong.append("segment \(base) byte \(position) from \(start)")
                    }
                }
            }
        }
        return wrong
    }

    @Test func aRefusedRoundIsFlushedWithTheNextCheckpoint() throws {
        for seed in UInt64(0)..<60 {
            let test = try TestStore()
            _ = try test.append("acknowledged")
            try test.checkpoint()
            test.fileSystem.plan(.shortWrite(ByteCount(60), .noSpace)) {
                $0.path == test.segment() && $0.kind == .write
            }
            #expect(try !test.append("refused").isCommitted)
            if seed.isMultiple(of: 2) { try test.checkpoint() } else { try test.store.close() }
            let after = try TestStore(test.fileSystem.crash(seed: seed))
            #expect(try after.values() == ["acknowledged"], "seed \(seed)")
            #expect(try after.log().quarantine == nil, "seed \(seed)")
        }
    }

    @Test func aDamagedSlotDoesNotBringAnOlderCleanStopBack() throws {
        let first = try TestStore()
        _ = try first.append("a")
        try first.store.close()
        let second = try TestStore(first.fileSystem.afterProcessDeath())
        _ = try second.append("b")
        let image = second.fileSystem.crash(seed: 1, .losesAll)
        // The second start recorded generation 5 in slot b; the clean stop before it stands in slot a.
        try image.flipBit(of: second.path("checkpoint.b"), at: FilePosition(40), bit: 2)
        #expect(try TestStore(image).values() == ["a", "b"])
    }

    @Test func aDeletionThatOneStartSawHoldsAtTheNext() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.checkpoint()
        // Written, but never flushed: the process is killed in between.
        test.fileSystem.ignoreFlushes(at: [.journalFrame])
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        let recovery = test.fileSystem.afterProcessDeath()
        recovery.startRecording()
        _ = try StoreWorkload.open(recovery, seed: 5)
        for moment in recovery.moments {
            for cut in [SimulatedPowerCut.losesAll, .keepsAll] {
                let survivors = SimulatedFileSystem(moment.image.survivors(seed: 1, cut))
                let store = try StoreWorkload.open(survivors, seed: 5)
                #expect(store.topics().count <= 1)
            }
        }
    }

    @Test func aTopicWhoseNameMayNotBeFlushedStopsTheStore() throws {
        let test = try TestStore()
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .topicName }
        let topic = StoredTopic(id: TopicID(high: 1, low: 2), name: TopicName(internal: "late"), partitionCount: 1)
        #expect(throws: StorageError.self) { try test.store.createTopic(topic) }
        #expect(test.store.hasFailed)
    }

    @Test func aTopicThatCannotBePreparedIsRefusedAndMayBeTriedAgain() throws {
        let test = try TestStore()
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .createDirectory }
        let topic = StoredTopic(id: TopicID(high: 1, low: 2), name: TopicName(internal: "late"), partitionCount: 1)
        #expect(throws: StorageError.self) { try test.store.createTopic(topic) }
        #expect(!test.store.hasFailed)
        try test.store.createTopic(topic)
        #expect(test.store.topics().count == 2)
    }

    @Test func aShortFileIsNotExtendedByATailBlock() throws {
        let test = try TestStore()
        _ = try test.append(String(repeating: "y", count: 200))
        try test.checkpoint()
        // A tail block and then nothing: the round behind it is refused.
        test.fileSystem.plan(.shortWrite(ByteCount(0), .noSpace)) { $0.path == test.segment() && $0.kind == .write }
        _ = try test.append("refused")
        let image = test.fileSystem.afterProcessDeath()
        try image.replaceContents(of: test.segment(), with: Array(image.contents(of: test.segment()).prefix(100)))
        let after = try TestStore(image)
        #expect(try after.log().quarantine != nil)
        #expect(try after.fileSystem.contents(of: test.segment()).count == 100)
    }

    @Test func aMissingManifestLeavesAHoleThatIsNamed() throws {
        let (image, values, _) = try Self.closed()
        let fileSystem = SimulatedFileSystem(image)
        let test = try TestStore(SimulatedFileSystem(image))
        try fileSystem.unlink(test.segment().removingLastComponent().appending("manifest"))
        let after = try TestStore(fileSystem)
        #expect(try after.log().quarantine?.reason.contains("manifest") == true)
        #expect(throws: StorageError.self) { try after.values() }
        #expect(try after.values(from: Int64(values.count)) == [])
    }

    @Test func anIndexThatLeadsAstrayIsBuiltAgain() throws {
        let (image, values, segments) = try Self.closed()
        let fileSystem = SimulatedFileSystem(image)
        let test = try TestStore(SimulatedFileSystem(image))
        let log = test.segment(segments[0])
        let index = FilePath(String(log.string.dropLast(4)) + ".index")
        try fileSystem.replaceContents(of: index, with: [0, 0, 0, 1, 0, 0, 0, 9])
        fileSystem.plan(.failure(.readOnlyFileSystem), times: 5) { $0.kind == .unlink }
        #expect(try TestStore(fileSystem).values(from: 2) == Array(values[2...]))
    }

    @Test func aFullVolumeAtACheckpointLosesOnlyTheIndex() throws {
        let test = try TestStore()
        for number in 0..<12 { _ = try test.append("value \(number) " + String(repeating: "z", count: 80)) }
        test.fileSystem.plan(.failure(.noSpace), times: 9) { $0.path.string.hasSuffix(".index") }
        test.fileSystem.plan(.failure(.noSpace), times: 9) { $0.path.string.hasSuffix("manifest.new") }
        try test.checkpoint()
        #expect(!test.store.hasFailed)
        #expect(try test.values().count == 12)
        #expect(try TestStore(test.fileSystem.crash(seed: 4, .losesAll)).values().count == 12)
    }
}
