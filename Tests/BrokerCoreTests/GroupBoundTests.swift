import RecordFormat
import SegmentStore
import Testing

@testable import BrokerCore

/// What all groups of a shard do at once is more than a frame takes.
@Suite(.timeLimit(.minutes(1))) struct GroupBoundTests {
    private static let groupCount = 40
    private static let partitionCount: Int32 = 100

    /// One shard whose groups share one topic, a member each.
    private func crowded() async throws -> (TestBroker, TopicName) {
        let test = try await TestBroker.start {
            $0.store.frameBytesMax = .kibibytes(128)
            $0.store.coordinatorShards = 1
        }
        let topic = try await test.createTopic("orders", partitions: Self.partitionCount)
        for number in 0..<Self.groupCount { _ = try await TestMember.join(test, "group-\(number)", [topic]) }
        return (test, topic)
    }

    private func reports(_ test: TestBroker) throws -> [GroupReport] {
        try (0..<Self.groupCount).map { try test.broker.group(GroupName(validating: "group-\($0)")) }
    }

    @Test func allSessionsOfAShardMayEndAtOnce() async throws {
        let (first, _) = try await crowded()
        let test = try await first.restarted()
        #expect(try reports(test).allSatisfy { $0.members.count == 1 })
        test.clock.advance(byMilliseconds: 10_000)
        try await test.flush()
        let after = try reports(test)
        #expect(after.allSatisfy { $0.members.isEmpty })
        // Nothing was read again, and what was told is on the log.
        let again = try await test.restarted()
        #expect(try reports(again).allSatisfy { $0.members.isEmpty })
        #expect(try reports(again).allSatisfy { $0.partitions.count == Int(Self.partitionCount) })
        await again.process.stop()
    }

    @Test func aTopicOfManyGroupsIsDeleted() async throws {
        let (test, topic) = try await crowded()
        try await test.broker.deleteTopic(topic)
        try await test.flush()
        #expect(try reports(test).allSatisfy { $0.partitions.isEmpty && $0.members.isEmpty })
        let again = try await test.restarted()
        #expect(try reports(again).allSatisfy { $0.partitions.isEmpty })
        #expect(again.broker.coordinators[0].inspect { $0.knownTopics().count } == 0)
        await again.process.stop()
    }
}
