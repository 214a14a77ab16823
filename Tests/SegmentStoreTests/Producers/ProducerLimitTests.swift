import BrokerTestSupport
import RecordFormat
import Synchronization
import Testing

@testable import SegmentStore

/// The bounds on what is remembered of producers, each with its own refusal, and the end of idle ones.
@Suite struct ProducerLimitTests {
    /// A wall clock that tests move.
    final class Wall: Sendable {
        let now = Mutex<Int64>(1_700_000_000_000)

        func advance(hours: Int64) {
            now.withLock { $0 += hours * 3_600_000 }
        }
    }

    private func open(
        _ fileSystem: SimulatedFileSystem,
        _ wall: Wall = Wall(),
        limits: (inout ProducerLimits) -> Void = { _ in }
    ) throws -> TestStore {
        var configuration = StoreWorkload.configuration
        limits(&configuration.producers)
        let store = try LogStore.open(
            configuration,
            fileSystem: fileSystem,
            wallTime: { Timestamp(millisecondsSinceEpoch: wall.now.withLock { $0 }) },
            randomBytes: { [UInt8](repeating: 9, count: $0) },
            report: { _ in }
        )
        if store.topics().isEmpty {
            let name = TopicName(internal: "orders")
            try store.createTopic(StoredTopic(id: TestStore.topic, name: name, partitionCount: 2))
        }
        return TestStore(fileSystem: fileSystem, store: store)
    }

    @Test func namesAreBounded() throws {
        let wall = Wall()
        let test = try open(SimulatedFileSystem(), wall) { $0.namesMax = 2 }
        #expect(try test.send("a", 0, [0: ["a"]]).isCommitted)
        #expect(try test.send("b", 0, [0: ["b"]]).isCommitted)
        #expect(try test.send("c", 0, [0: ["c"]]).refusal == .tooManyProducers(max: 2))
        #expect(try test.send("a", 1, [0: ["a"]]).isCommitted)
        wall.advance(hours: 23)
        #expect(try test.send("a", 2, [0: ["a"]]).isCommitted)
        wall.advance(hours: 1)
        // By now b has been idle for a day.
        #expect(try test.send("c", 0, [0: ["c"]]).isCommitted)
        #expect(try test.send("b", 1, [0: ["b"]]).refusal == .unknownProducer)
        #expect(try test.send("a", 3, [0: ["a"]]).isCommitted)
    }

    @Test func producersOfATopicAreBounded() throws {
        let test = try open(SimulatedFileSystem()) { $0.perTopicMax = 2 }
        let requests = try ["a", "b", "c"].compactMap { try test.request($0, 0, [0: [$0]]).request }
        let outcomes = try test.store.commit(requests)
        #expect(outcomes.map(\.isCommitted) == [true, true, false])
        #expect(outcomes[2].refusal == .tooManyProducers(max: 2))
        #expect(try test.send("b", 1, [0: ["b"]]).isCommitted)
    }

    @Test func partsAreBounded() throws {
        let test = try open(SimulatedFileSystem()) { $0.partsMax = 4 }
        #expect(try test.send("a", 0, [0: ["a"], 1: ["a"]]).isCommitted)
        #expect(try test.send("b", 0, [0: ["b"], 1: ["b"]]).isCommitted)
        #expect(try test.send("a", 1, [0: ["c"]]).refusal == .tooManyParts(max: 4))
        // A new epoch forgets the old one's requests.
        #expect(try test.send("a", 0, epoch: 1, [0: ["d"], 1: ["d"]]).isCommitted)
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(test.store.producers.withLock { $0.partCount } == 0)
    }

    @Test func anIdleProducerIsForgottenWithItsWindowsAndStaysSo() throws {
        let wall = Wall()
        let test = try open(SimulatedFileSystem(), wall)
        #expect(try test.send("a", 0, [0: ["a"]]).isCommitted)
        try test.checkpoint()
        wall.advance(hours: 24)
        _ = try test.append("x")
        try test.checkpoint()
        #expect(test.store.producers.withLock { $0.registry.count } == 0)
        #expect(test.store.producers.withLock { $0.partCount } == 0)
        #expect(try test.send("a", 1, [0: ["b"]]).refusal == .unknownProducer)
        // It comes back under a new number, and its old batches do not count.
        #expect(try test.send("a", 0, [0: ["c"]]).isCommitted)
        let after = try open(test.fileSystem.afterProcessDeath(), wall)
        #expect(try after.send("a", 0, [0: ["c"]]).duplicateSpans == [AppendedSpan(2, 3)])
        #expect(try after.send("a", 1, [0: ["d"]]).isCommitted)
    }

    @Test func theRegistryIsNotWrittenWithoutAChange() throws {
        let test = try open(SimulatedFileSystem())
        func writes() -> Int { test.fileSystem.calls.count { $0.site == .producersFile } }
        let before = writes()
        #expect(try test.send("a", 0, [0: ["a"]]).isCommitted)
        try test.checkpoint()
        #expect(writes() == before + 1)
        #expect(try test.send("a", 1, [0: ["b"]]).isCommitted)
        try test.checkpoint()
        #expect(writes() == before + 1)
    }
}
