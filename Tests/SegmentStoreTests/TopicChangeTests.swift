import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Settings that change and partitions that are added: all of it or nothing, whatever call the power is cut at.
@Suite struct TopicChangeTests {
    private static func grown(_ store: LogStore, to count: Int32, settings: [String: String] = [:]) throws
        -> StoredTopic
    {
        var topic = try #require(store.topics().first)
        topic.partitionCount = count
        topic.settings = settings
        return topic
    }

    @Test func addedPartitionsTakeRecordsAndSurviveAKill() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let topic = try Self.grown(test.store, to: 4, settings: ["cleanup": "delete"])
        #expect(topic.hasGrown)
        try test.store.changeTopic(topic)
        let third = PartitionKey(topic: TestStore.topic, partition: PartitionIndex(3))
        _ = try test.append("b", to: third)
        let after = try test.killed()
        #expect(after.store.topics() == [topic])
        #expect(try after.values() == ["a"])
        #expect(try after.values(third) == ["b"])
    }

    @Test func aTopicsOwnSegmentSizeIsGoneBy() throws {
        let test = try TestStore()
        for number in 0..<6 { _ = try test.append("\(number)") }
        #expect(test.fileSystem.paths.filter { $0.hasSuffix(".log") }.count == 1)
        try test.store.changeTopic(Self.grown(test.store, to: 2, settings: ["segmentBytesMax": "150"]))
        for number in 6..<10 { _ = try test.append("\(number)") }
        #expect(test.fileSystem.paths.filter { $0.hasSuffix(".log") }.count > 2)
        let after = try test.killed()
        #expect(try after.log().segmentBytesMax == ByteCount(150))
        #expect(try after.values() == (0..<10).map(String.init))
    }

    @Test func aChangeThatFailsBeforeItsFlushChangesNothing() throws {
        let test = try TestStore()
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .createDirectory }
        let topic = try Self.grown(test.store, to: 4)
        #expect(throws: StorageError.self) { try test.store.changeTopic(topic) }
        #expect(!test.store.hasFailed)
        #expect(test.store.topics().first?.partitionCount == 2)
        try test.store.changeTopic(topic)
        #expect(test.store.topics().first?.partitionCount == 4)
    }

    @Test(arguments: [FlushSite.addedPartitions, .changedTopic, .changedTopicName])
    func aFailedFlushStopsTheStore(site: FlushSite) throws {
        let test = try TestStore()
        test.fileSystem.plan(.failure(.ioError)) { $0.site == site }
        let topic = try Self.grown(test.store, to: 3)
        #expect(throws: StorageError.self) { try test.store.changeTopic(topic) }
        #expect(test.store.hasFailed)
        #expect(test.store.topics().first?.partitionCount == 2)
    }

    @Test func aDeletedTopicCannotBeChanged() throws {
        let test = try TestStore()
        let topic = try Self.grown(test.store, to: 3)
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(throws: StorageError.self) { try test.store.changeTopic(topic) }
    }

    @Test func aPowerCutAtEveryCallLeavesTheOldTopicOrTheNew() async throws {
        #expect(try await onItsOwnThread { try Self.cutAtEveryCall(ignoring: []) } == [])
    }

    @Test(arguments: [FlushSite.addedPartitions, .changedTopic, .changedTopicName])
    func aMissingFlushIsNoticed(site: FlushSite) async throws {
        #expect(try await onItsOwnThread { try Self.cutAtEveryCall(ignoring: [site]) } != [])
    }

    /// Grows a topic, appends to an added partition, and cuts the power at every call in several ways.
    private static func cutAtEveryCall(ignoring sites: Set<FlushSite>) throws -> [String] {
        let test = try TestStore()
        _ = try test.append("a")
        test.fileSystem.ignoreFlushes(at: sites)
        test.fileSystem.startRecording()
        let topic = try grown(test.store, to: 3, settings: ["retentionBytes": "5"])
        try test.store.changeTopic(topic)
        let changed = test.fileSystem.callCount
        let added = PartitionKey(topic: TestStore.topic, partition: PartitionIndex(2))
        _ = try test.append("b", to: added)
        let appended = test.fileSystem.callCount
        var wrongs: [String] = []
        for moment in test.fileSystem.moments {
            let number = moment.after?.number ?? 0
            // A name that is kept without one made before it comes up once in nine draws.
            for seed in 0..<(moment.after?.kind == .rename ? 120 : 24) {
                let cut: SimulatedPowerCut = seed == 0 ? .losesAll : .drawn
                let survivors = SimulatedFileSystem(moment.image.survivors(seed: UInt64(number * 1000 + seed), cut))
                do {
                    let after = try TestStore(survivors)
                    let found = try #require(after.store.topics().first)
                    if number >= changed, found != topic { wrongs.append("call \(number): \(found)") }
                    if found.partitionCount != 2 || !found.settings.isEmpty, found != topic {
                        wrongs.append("call \(number): a half \(found)")
                    }
                    for index in 0..<found.partitionCount {
                        let key = PartitionKey(topic: found.id, partition: PartitionIndex(index))
                        if try after.log(key).quarantine != nil { wrongs.append("call \(number): \(key) is set aside") }
                    }
                    if try after.values() != ["a"] { wrongs.append("call \(number): records are gone") }
                    if number >= appended, try after.values(added) != ["b"] {
                        wrongs.append("call \(number): b is gone")
                    }
                } catch {
                    wrongs.append("call \(number), seed \(seed): \(error)")
                }
            }
        }
        return wrongs
    }
}
