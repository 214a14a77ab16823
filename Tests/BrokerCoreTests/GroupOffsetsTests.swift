import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

/// Offsets that are set by hand, and what a commit tells of each of its items.
@Suite(.timeLimit(.minutes(1))) struct GroupOffsetsTests {
    private let group: GroupName

    init() throws {
        group = try GroupName(validating: "billing")
    }

    /// Two members with a partition each, ten records taken and committed.
    private func pair() async throws -> (TestBroker, TopicName, [TestMember]) {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        for partition in Int32(0)..<2 { try await test.append((0..<10).map { "\($0)" }, to: topic, partition) }
        let members = [
            try await TestMember.join(test, "billing", [topic]), try await TestMember.join(test, "billing", [topic]),
        ]
        try await test.settle(members)
        return (test, topic, members)
    }

    @Test func aResetRevokesOnlyWhatItTouches() async throws {
        let (test, topic, members) = try await pair()
        let touched = try #require(members.first { $0.owned[.of(topic, 0)] != nil })
        let other = try #require(members.first { $0.owned[.of(topic, 0)] == nil })
        let (events, values) = (other.events, touched.values.count)
        let request = GroupResetRequest(group: group, partitions: [.of(topic, 0)], to: .beforeEnd(3))
        let results = try await test.broker.resetOffsets(request)
        let owner = touched.session.member
        #expect(results == [.init(partition: .of(topic, 0), committed: Offset(10), to: Offset(7), owner: owner)])
        for member in members { try await member.takeAll() }
        #expect(touched.events.contains("revoked reset"))
        #expect(touched.values.dropFirst(values) == ["7", "8", "9"])
        #expect(other.events == events)
        #expect(try await touched.commit().map(\.outcome) == [.committed])
        let reasons = try test.broker.history(of: group).rebalances.first?.reasons.map(\.code)
        #expect(reasons == ["offsets-reset"])
        await test.process.stop()
    }

    @Test func aDryRunChangesNothing() async throws {
        let (test, topic, members) = try await pair()
        let before = members.map(\.owned)
        let request = GroupResetRequest(group: group, topics: [topic], to: .earliest, isDryRun: true)
        let results = try await test.broker.resetOffsets(request)
        #expect(results.map(\.to) == [.zero, .zero])
        for member in members { try await member.takeAll() }
        #expect(members.map(\.owned) == before)
        #expect(try test.broker.group(group).partitions.map(\.committed) == [Offset(10), Offset(10)])
        await test.process.stop()
    }

    @Test func aGroupWithoutMembersIsResetToAnyPlace() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let now = test.broker.appendTime().millisecondsSinceEpoch
        try await test.append([(now - 3000, "a"), (now - 2000, "b"), (now - 1000, "c")], to: topic)
        var change = GroupSettingsChange()
        change.topics = [topic]
        _ = try await test.broker.createGroup(group, change)
        let places: [(StartPosition, Int64)] = [
            (.latest, 3), (.offset(Offset(1)), 1), (.offset(Offset(99)), 3), (.beforeEnd(99), 0), (.earliest, 0),
            (.time(Timestamp(millisecondsSinceEpoch: now - 1500)), 2),
        ]
        for (place, offset) in places {
            let results = try await test.broker.resetOffsets(GroupResetRequest(group: group, to: place))
            #expect(results.map(\.to) == [Offset(offset)], "\(place)")
            #expect(try test.broker.group(group).partitions.map(\.committed) == [Offset(offset)])
        }
        let again = try await test.killed()
        #expect(try again.broker.group(group).partitions.map(\.committed) == [Offset(2)])
        await again.process.stop()
    }

    @Test func whatTheGroupDoesNotShareIsNotReset() async throws {
        let (test, topic, _) = try await pair()
        let other = try await test.createTopic("payments")
        let wrong = [
            GroupResetRequest(group: group, partitions: [.of(topic, 0), .of(topic, 2)], to: .earliest),
            GroupResetRequest(group: group, topics: [topic, other], to: .earliest),
        ]
        for request in wrong {
            let error = await #expect(throws: BrokerError.self) { try await test.broker.resetOffsets(request) }
            guard case .partitionNotShared = error else {
                Issue.record("got \(String(describing: error))")
                continue
            }
        }
        #expect(try test.broker.group(group).partitions.map(\.committed) == [Offset(10), Offset(10)])
        let nobody = GroupResetRequest(group: try GroupName(validating: "x"), topics: [topic], to: .earliest)
        let error = await #expect(throws: BrokerError.self) { try await test.broker.resetOffsets(nobody) }
        guard case .groupNotFound = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func metadataIsKeptWithTheOffset() async throws {
        let (test, topic, members) = try await pair()
        try await test.append(["10"], to: topic)
        let member = try #require(members.first { $0.owned[.of(topic, 0)] != nil })
        try await member.takeAll()
        let epoch = try #require(member.owned[.of(topic, 0)])
        func item(_ offset: Int64, _ metadata: String) -> CommitOffsetsRequest.Item {
            .init(partition: .of(topic, 0), offset: Offset(offset), epoch: epoch, metadata: metadata)
        }
        let long = String(repeating: "x", count: 4097)
        #expect(try await member.commit([item(11, long)]).map(\.outcome) == [.metadataTooLong(bytesMax: 4096)])
        #expect(try test.broker.group(group).partitions[0].committed == Offset(10))
        #expect(try await member.commit([item(11, "done by pod-7")]).map(\.outcome) == [.committed])
        let again = try await test.killed()
        let stored = try again.broker.group(group).partitions[0]
        #expect(stored.metadata == "done by pod-7")
        #expect(stored.committed == Offset(11))
        #expect(stored.committedAt != nil)
        await again.process.stop()
    }

    @Test func everyItemOfACommitIsToldOf() async throws {
        let (test, topic, members) = try await pair()
        let member = members[0]
        let (partition, epoch) = try #require(member.owned.first)
        let foreign: TopicPartition = partition == .of(topic, 0) ? .of(topic, 1) : .of(topic, 0)
        let request = CommitOffsetsRequest(
            group: group,
            member: member.session.member,
            principal: .anonymous,
            items: [.init(partition: partition, offset: Offset(10), epoch: epoch)],
            progress: [partition, foreign],
            release: [partition, .of(topic, 9)]
        )
        let results = try await test.broker.commit(request)
        #expect(results.map(\.operation) == [.commit, .progress, .progress, .release, .release])
        #expect(results.map(\.partition) == [partition, partition, foreign, partition, .of(topic, 9)])
        let owner = members[1].session.member
        let epochs = members[1].owned[foreign]
        #expect(
            results.map(\.outcome) == [
                .committed, .progressed, .fenced(owner: owner, epoch: epochs ?? 0), .released, .notShared,
            ]
        )
        await test.process.stop()
    }
}
