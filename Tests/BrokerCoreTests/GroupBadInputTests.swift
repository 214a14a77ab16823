import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

/// What a group is asked by those who have it wrong, or are gone: a typed answer or a bounded wait, and nothing for others.
@Suite(.timeLimit(.minutes(1))) struct GroupBadInputTests {
    private let group: GroupName

    init() throws {
        group = try GroupName(validating: "billing")
    }

    /// A member that works, on a partition of its own, beside whoever else is there.
    private func pair(_ instance: String? = nil) async throws -> (TestBroker, TopicName, [TestMember]) {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        for partition in Int32(0)..<2 { try await test.append(["a", "b"], to: topic, partition) }
        let first = try await TestMember.join(test, "billing", [topic], instance: instance)
        let second = try await TestMember.join(test, "billing", [topic])
        test.clock.advance(byMilliseconds: 100)
        for member in [first, second] { try await member.takeAll() }
        return (test, topic, [first, second])
    }

    private func commit(
        _ test: TestBroker,
        as member: String,
        _ partition: TopicPartition,
        _ offset: Int64,
        _ epoch: Int64
    ) async throws -> [CommitItemResult.Outcome] {
        let item = CommitOffsetsRequest.Item(partition: partition, offset: Offset(offset), epoch: epoch)
        let request = CommitOffsetsRequest(group: group, member: member, principal: .anonymous, items: [item])
        return try await test.broker.commit(request).map(\.outcome)
    }

    @Test func aStrangersCommitIsFencedAndMovesNothing() async throws {
        let (test, _, members) = try await pair()
        let (partition, epoch) = try #require(members[0].owned.first)
        let owner = members[0].session.member
        for stranger in ["m_0000000000000000", members[1].session.member] {
            let outcomes = try await commit(test, as: stranger, partition, 1, epoch)
            #expect(outcomes == [.fenced(owner: owner, epoch: epoch)])
        }
        #expect(try test.broker.group(group).partitions.map(\.committed) == [.zero, .zero])
        await test.process.stop()
    }

    @Test func aCommitBeyondDeliveryIsRefusedAndTheRestIsNot() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a", "b", "c"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic], maxInFlight: 2)
        test.clock.advance(byMilliseconds: 100)
        try await member.takeAll()
        let epoch = try #require(member.owned[.of(topic, 0)])
        let id = member.session.member
        #expect(
            try await commit(test, as: id, .of(topic, 0), 3, epoch) == [.beyondDelivery(delivered: Offset(2))]
        )
        #expect(
            try await commit(test, as: id, .of(topic, 0), 4, epoch) == [.beyondVisible(visible: Offset(3))]
        )
        #expect(try await commit(test, as: id, .of(topic, 0), 2, epoch) == [.committed])
        #expect(try await commit(test, as: id, .of(topic, 0), 1, epoch) == [.outdated(committed: Offset(2))])
        await test.process.stop()
    }

    @Test func aSecondProcessOfAnInstanceFencesTheFirstAndNobodyElse() async throws {
        let (test, topic, members) = try await pair("pod-7")
        let (partition, epoch) = try #require(members[0].owned.first)
        let (owned, events) = (members[1].owned, members[1].events)
        let request = GroupJoinRequest(group: group, topics: [topic], instance: "pod-7", principal: .anonymous)
        let joined = try await test.broker.joinExplicitly(request)
        try await members[0].takeAll()
        #expect(members[0].events.last == "goodbye fenced false")
        let outcomes = try await commit(test, as: members[0].session.member, partition, 2, epoch)
        guard case .fenced(let owner, let current)? = outcomes.first else {
            Issue.record("the former process is not fenced: \(outcomes)")
            return
        }
        #expect(owner == joined.member)
        #expect(current > epoch)
        // Its session is over, too.
        let back = await #expect(throws: BrokerError.self) {
            try await TestMember.join(test, "billing", [], resume: members[0].session.member)
        }
        guard case .sessionExpired = back else {
            Issue.record("got \(String(describing: back))")
            return
        }
        try await members[1].takeAll()
        #expect(members[1].owned == owned)
        #expect(members[1].events == events)
        await test.process.stop()
    }

    @Test func anExplicitJoinWithOtherTopicsIsRefusedAndLeavesNoTrace() async throws {
        let (test, _, members) = try await pair()
        let other = try await test.createTopic("payments")
        let request = GroupJoinRequest(group: group, topics: [other], principal: .anonymous)
        let error = await #expect(throws: BrokerError.self) { try await test.broker.joinExplicitly(request) }
        guard case .groupTopicsDiffer = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(test.broker.explicitMembers.count == 0)
        #expect(test.broker.coordinator(of: group).state.withLock { $0.mailboxes.count } == members.count)
        await test.process.stop()
    }

    @Test func aStreamThatNobodyReadsHoldsItsShareForTheCommitTimeoutAtMost() async throws {
        let (test, _, members) = try await pair()
        // The first reads no more, and its host is gone without anybody's notice; the second works on.
        for _ in 0..<13 {
            test.clock.advance(byMilliseconds: 5_000)
            try await test.flush()
            try await members[1].takeAll()
            try await members[1].commit()
        }
        #expect(members[1].owned.count == 2)
        #expect(members[1].values.sorted() == ["a", "a", "b", "b"])
        #expect(!members[1].events.contains { $0.hasPrefix("revoked") })
        await test.process.stop()
    }
}
