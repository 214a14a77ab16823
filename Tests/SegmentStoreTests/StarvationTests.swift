import BrokerTestSupport
import RecordFormat
import Synchronization
import SystemPackage
import Testing

@testable import SegmentStore

/// What replaces a file or gives a directory its name, when descriptors run out at any of its calls, the reserve included.
///
/// The directory is opened before anything is renamed in it, so that the flush that must follow needs none: what is done is
/// done, and what is refused has changed nothing and can be tried again. Nothing ends the process.
@Suite struct StarvationTests {
    /// After so many calls that open something nothing is opened any more; what is open works on.
    private static func starve(_ fileSystem: SimulatedFileSystem, after count: Int) {
        let seen = Counter()
        fileSystem.plan(.failure(.tooManyOpenFiles), times: .max) { $0.needsDescriptor && seen.next() > count }
    }

    private final class Counter: Sendable {
        private let count = Atomic(0)

        func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    }

    /// Does something again and again, each time with a fresh store and one call more that finds a descriptor, until it is
    /// done; after each refusal once more, without starving.
    ///
    /// - Returns: how often it was refused.
    private static func starveEverywhere<Subject>(
        _ make: () throws -> (Subject, TestStore),
        _ work: (inout Subject) throws -> Void,
        check: (Subject, TestStore) throws -> Void
    ) throws -> Int {
        var refusals = 0
        while true {
            var (subject, test) = try make()
            starve(test.fileSystem, after: refusals)
            do {
                try work(&subject)
                return refusals
            } catch let error as StorageError {
                guard case .io(let failure) = error, failure.isOutOfDescriptors else { throw error }
            }
            refusals += 1
            try #require(!test.store.hasFailed)
            // A cut now finds a sound directory, whatever of the names has reached the disk.
            let cut: SimulatedPowerCut = refusals.isMultiple(of: 3) ? .losesAll : .drawn
            _ = try TestStore(test.fileSystem.survivors(seed: UInt64(refusals), cut))
            test.fileSystem.forgetRules()
            try work(&subject)
            try check(subject, test)
            try check(subject, test.killed())
        }
    }

    @Test func aTopicChangeIsDoneOrRefused() throws {
        let refusals = try Self.starveEverywhere {
            let test = try TestStore()
            _ = try test.append("a")
            var topic = try #require(test.store.topics().first)
            topic.partitionCount = 4
            return ((test, topic), test)
        } _: { (subject: inout (TestStore, StoredTopic)) in
            try subject.0.store.changeTopic(subject.1)
        } check: { subject, test in
            #expect(test.store.topics() == [subject.1])
            let values = try test.values()
            #expect(values == ["a"])
        }
        #expect(refusals >= 3)
    }

    @Test func aNewTopicIsMadeOrRefused() throws {
        let topic = StoredTopic(id: TopicID(high: 3, low: 3), name: TopicName(internal: "new"), partitionCount: 2)
        let refusals = try Self.starveEverywhere {
            let test = try TestStore()
            return (test, test)
        } _: { (subject: inout TestStore) in
            // An attempt that was refused leaves a directory that the next start removes; the next attempt has another id.
            let id = TopicID(high: 3, low: UInt64(subject.fileSystem.callCount))
            try subject.store.createTopic(StoredTopic(id: id, name: topic.name, partitionCount: 2))
        } check: { _, test in
            #expect(test.store.topics().map(\.name).sorted { $0.description < $1.description }.first == topic.name)
        }
        #expect(refusals >= 3)
    }

    @Test func aCompactionIsDoneOrRefused() throws {
        let refusals = try Self.starveEverywhere {
            var store = try CompactedStore()
            for round in 0..<4 { try store.append([("a", "a\(round)"), ("b", "b\(round)")]) }
            try store.seal()
            return (store, store.test)
        } _: { (store: inout CompactedStore) in
            _ = try store.compact()
        } check: { store, test in
            // The first attempt may have come as far as some of the segments.
            let violations = try store.model.violations(by: test.log(), allowsUnknown: true)
            let count = try CompactionModel.records(of: test.log()).count
            #expect(violations == [])
            #expect(count < 11)
        }
        #expect(refusals >= 5)
    }

    @Test func retentionIsDoneOrRefused() throws {
        let refusals = try Self.starveEverywhere {
            let test = try TestStore()
            for number in 0..<20 { _ = try test.append("\(number)" + String(repeating: "x", count: 100)) }
            try test.checkpoint()
            return (test, test)
        } _: { (test: inout TestStore) in
            _ = try test.store.retain(TestStore.key, RetentionPolicy(bytes: ByteCount(700)))
        } check: { _, test in
            let start = try test.log().watermarks.logStart.offset
            #expect(start > .zero)
            let values = try test.values(from: start.value)
            #expect(values.last?.hasPrefix("19") == true)
        }
        #expect(refusals >= 1)
    }

    @Test func aCheckpointIsCompletedOrTriedAgain() throws {
        let refusals = try Self.starveEverywhere {
            let test = try TestStore()
            for number in 0..<12 {
                _ = try test.send(Int32(number), [0: ["\(number)" + String(repeating: "x", count: 100)]])
            }
            return ((test.store, try #require(test.store.captureCheckpoint())), test)
        } _: { (subject: inout (store: LogStore, checkpoint: Checkpoint)) in
            try subject.store.complete(subject.checkpoint)
        } check: { _, test in
            let count = try test.values().count
            #expect(count == 12)
            let last = ["11" + String(repeating: "x", count: 100)]
            let spans = try test.send(11, [0: last]).duplicateSpans
            #expect(spans == [AppendedSpan(11, 12)])
        }
        #expect(refusals >= 3)
    }
}
