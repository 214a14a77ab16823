import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

/// Cursors whose positions have an end.
@Suite(.timeLimit(.minutes(1))) struct EndedReadTests {
    private let budget = ReadBudget(bytes: .kibibytes(64))

    private func cursor(_ test: TestBroker, _ topic: TopicName, from: [Int64], to: [Int64?]) async throws -> Cursor {
        var cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        for index in cursor.positions.indices {
            cursor.positions[index].next = Offset(from[index])
            cursor.positions[index].end = to[index].map { Offset($0) }
        }
        return cursor
    }

    /// Partition 0 holds a batch of three and one of two, partition 1 a batch of two.
    private func filled() async throws -> (test: TestBroker, topic: TopicName) {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["a", "b", "c"], to: topic, 0)
        try await test.append(["d", "e"], to: topic, 0)
        try await test.append(["x", "y"], to: topic, 1)
        return (test, topic)
    }

    @Test func aReadEndsWithinABatch() async throws {
        let (test, topic) = try await filled()
        let asked = try await cursor(test, topic, from: [1, 0], to: [2, nil])
        let result = try await test.broker.read(asked, budget: budget)
        #expect(try result.slices.map { try $0.values() } == [["b"], ["x", "y"]])
        #expect(result.cursor.positions.map(\.next.value) == [2, 2])
        #expect(result.cursor.positions.map(\.isAtEnd) == [true, false])
        #expect(result.caughtUp && result.lag == 0 && !result.cursor.isAtEnd)
        await test.process.stop()
    }

    @Test func aPartitionAtItsEndIsNeitherReadNorWaitedFor() async throws {
        let (test, topic) = try await filled()
        let asked = try await cursor(test, topic, from: [3, 2], to: [3, 4])
        let nothing = try await test.broker.read(asked, budget: budget)
        #expect(nothing.slices.isEmpty && nothing.caughtUp && nothing.lag == 0)
        // There are records behind the end of partition 0, and yet nothing to wake up for.
        #expect(await test.broker.wait(past: asked, deadline: test.clock.now) == .timedOut)
        try await test.append(["z", "more", "too much"], to: topic, 1)
        #expect(await test.broker.wait(past: asked, deadline: test.clock.now) == .moved)
        let last = try await test.broker.read(asked, budget: budget)
        #expect(try last.slices.map { try $0.values() } == [["z", "more"]])
        #expect(last.cursor.isAtEnd && last.caughtUp)
        await test.process.stop()
    }

    @Test func theLagIsCountedUpToTheEnd() async throws {
        let (test, topic) = try await filled()
        let asked = try await cursor(test, topic, from: [0, 0], to: [4, 0])
        let result = try await test.broker.read(asked, budget: ReadBudget(bytes: ByteCount(1)))
        #expect(try result.slices.map { try $0.values() } == [["a", "b", "c"]])
        #expect(!result.caughtUp && result.lag == 1)
        await test.process.stop()
    }

    @Test func aGapReachesNoFurtherThanTheEnd() async throws {
        let (test, topic) = try await filled()
        _ = try await test.broker.deleteRecords(of: .of(topic, 0), before: Offset(4))
        let asked = try await cursor(test, topic, from: [0, 0], to: [2, 1])
        let result = try await test.broker.read(asked, budget: budget)
        #expect(result.gaps.map(\.from) == [.zero] && result.gaps.map(\.to) == [Offset(2)])
        #expect(try result.slices.map { try $0.values() } == [["x"]])
        #expect(result.cursor.isAtEnd && result.caughtUp)
        let within = try await cursor(test, topic, from: [0, 0], to: [5, 0])
        let rest = try await test.broker.read(within, budget: budget)
        #expect(rest.gaps.map(\.to) == [Offset(4)])
        #expect(try rest.slices.map { try $0.values() } == [["e"]])
        await test.process.stop()
    }

    @Test func aFromBeyondTheEndIsAtTheEnd() async throws {
        let (test, topic) = try await filled()
        let asked = try await cursor(test, topic, from: [4, 2], to: [1, 0])
        let result = try await test.broker.read(asked, budget: budget)
        #expect(result.slices.isEmpty && result.gaps.isEmpty)
        #expect(result.cursor == asked && asked.isAtEnd && result.caughtUp)
        await test.process.stop()
    }
}
