import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

@Suite struct PrefixDeletionTests {
    @Test func recordsBelowAreGoneAndStayGone() throws {
        let test = try RetentionStore()
        try test.fill(0..<20)
        #expect(try test.deletePrefix(before: 9).isCommitted)
        #expect(try test.content().start == 9)
        #expect(try test.content().values.first == RetentionStore.value(9))
        #expect(throws: StorageError.self) { try test.log().read(from: Offset(8), bytesMax: ByteCount(1)) }
        // By the journal alone, then by the checkpoint.
        #expect(try test.cut().content().start == 9)
        try test.checkpoint()
        let killed = try test.killed()
        #expect(try killed.content().start == 9)
        #expect(killed.files.first == 0)
        try killed.checkpoint()
        #expect(try killed.store.retain(RetentionStore.key, RetentionPolicy())?.logStart == Offset(9))
        #expect(try #require(killed.files.first) > 0)
        #expect(try killed.cut().content().values.count == 11)
    }

    @Test func repeatingItOrAskingForLessChangesNothing() throws {
        let test = try RetentionStore()
        try test.fill(0..<5)
        try test.deletePrefix(before: 3)
        let calls = test.fileSystem.callCount
        for offset in [Int64(3), 1, 0] { #expect(try test.deletePrefix(before: offset).isCommitted) }
        #expect(test.fileSystem.callCount == calls)
        #expect(try test.content().start == 3)
    }

    @Test func allOfItMayGo() throws {
        let test = try RetentionStore()
        try test.fill(0..<5)
        try test.deletePrefix(before: 5)
        #expect(try test.content().values == [])
        #expect(test.store.rollIfDue(RetentionStore.key, RetentionPolicy()))
        try test.checkpoint()
        #expect(try test.store.retain(RetentionStore.key, RetentionPolicy())?.logStart == Offset(5))
        #expect(test.files == [])
        let killed = try test.killed()
        try killed.append("next")
        #expect(try killed.content().start == 5)
        #expect(try killed.content().values == ["next"])
    }

    @Test func whatIsQueuedBeforeCounts() throws {
        let test = try RetentionStore()
        let append = PartitionAppend(key: RetentionStore.key, batches: [StoreWorkload.batch(["a", "b"])])
        let outcomes = try test.store.commit([
            CommitRequest(appends: [], deletedPrefix: PrefixDeletion(key: RetentionStore.key, before: Offset(1))),
            CommitRequest(appends: [append]),
            CommitRequest(appends: [], deletedPrefix: PrefixDeletion(key: RetentionStore.key, before: Offset(1))),
            CommitRequest(appends: [], deletedPrefix: PrefixDeletion(key: RetentionStore.key, before: Offset(3))),
        ])
        #expect(outcomes.map(\.isCommitted) == [false, true, true, false])
        guard case .refused(.prefixBeyondEnd(_, Offset(3), Offset(1), Offset(2))) = outcomes[3] else {
            Issue.record("\(outcomes[3])")
            return
        }
        #expect(try test.content().values == ["b"])
        #expect(try test.killed().content().values == ["b"])
    }

    @Test func anUnknownPartitionIsRefused() throws {
        let test = try RetentionStore()
        let key = PartitionKey(topic: TestStore.topic, partition: PartitionIndex(7))
        let request = CommitRequest(appends: [], deletedPrefix: PrefixDeletion(key: key, before: Offset(0)))
        #expect(try test.store.commit([request]).map(\.isCommitted) == [false])
    }

    @Test func aRefusedRoundDeletesNothing() throws {
        let test = try RetentionStore()
        try test.fill(0..<3)
        let path = TestStore.topic.hex + "/0/"
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.contains(path) }
        let append = PartitionAppend(key: RetentionStore.key, batches: [StoreWorkload.batch(["a"])])
        let outcomes = try test.store.commit([
            CommitRequest(appends: [], deletedPrefix: PrefixDeletion(key: RetentionStore.key, before: Offset(2))),
            CommitRequest(appends: [append]),
        ])
        #expect(outcomes.map(\.isCommitted) == [false, false])
        #expect(try test.content().start == 0)
        #expect(try test.killed().content().start == 0)
    }
}
