import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct GroupLeaseTests {
    @Test func aPartitionIsTakenFromWhoDoesNotCommit() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        test.clock.advance(byMilliseconds: 31_000)
        try await test.flush()
        try await member.takeAll()
        #expect(member.events.last == "leaseWarning")

        // Progress begins the lease anew.
        let request = CommitOffsetsRequest(
            group: try GroupName(validating: "billing"),
            member: member.session.member,
            principal: .anonymous,
            items: [],
            progress: [.of(topic, 0)]
        )
        #expect(try await test.broker.commit(request).map(\.outcome) == [.progressed])
        test.clock.advance(byMilliseconds: 31_000)
        try await test.flush()
        try await member.takeAll()
        #expect(member.owned.count == 1)
        test.clock.advance(byMilliseconds: 60_000)
        try await test.flush()
        try await member.takeAll()
        #expect(member.events.contains("revoked commit-timeout"))
        await test.process.stop()
    }

    @Test func aReleasedPartitionMoves() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let first = try await TestMember.join(test, "billing", [topic])
        let second = try await TestMember.join(test, "billing", [topic])
        try await test.settle([first, second])
        let request = CommitOffsetsRequest(
            group: try GroupName(validating: "billing"),
            member: first.session.member,
            principal: .anonymous,
            items: [],
            release: [.of(topic, 0)]
        )
        let results = try await test.broker.commit(request)
        #expect(results.map(\.outcome) == [.released])
        #expect(results.map(\.operation) == [.release])
        try await test.settle([first, second])
        #expect(first.events.contains("revoked released"))
        let other = CommitOffsetsRequest(
            group: request.group,
            member: second.session.member,
            principal: .anonymous,
            items: [],
            release: [.of(try TopicName(validating: "payments"), 0)]
        )
        #expect(try await test.broker.commit(other).map(\.outcome) == [.notShared])
        await test.process.stop()
    }

    @Test func aStaticMemberIsReplacedByItsInstance() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 3)
        let former = try await TestMember.join(test, "billing", [topic], instance: "pod-1")
        try await former.takeAll()
        let later = try await TestMember.join(test, "billing", [topic], instance: "pod-1")
        try await former.takeAll()
        #expect(former.events.last == "goodbye fenced false")
        try await later.takeAll()
        #expect(Set(later.owned.keys) == Set(former.owned.keys))
        await former.session.close(.leave)
        #expect(try test.broker.group(GroupName(validating: "billing")).members.count == 1)
        await test.process.stop()
    }
}
