import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

/// Groups that are made, changed and ended by hand.
@Suite(.timeLimit(.minutes(1))) struct GroupAdministrationTests {
    private let group: GroupName

    init() throws {
        group = try GroupName(validating: "billing")
    }

    private func change(_ topics: [TopicName]?, _ set: (inout GroupSettingsChange) -> Void = { _ in })
        -> GroupSettingsChange
    {
        var change = GroupSettingsChange()
        change.topics = topics
        set(&change)
        return change
    }

    @Test func aGroupIsMadeOnceAndOutlivesARestart() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["old"], to: topic)
        let wanted = change([topic]) {
            $0.start = .latest
            $0.commitTimeoutMilliseconds = 5000
            $0.membersMax = 2
            $0.timeToLive = .milliseconds(3_600_000)
        }
        guard case .created(let report) = try await test.broker.createGroup(group, wanted) else {
            Issue.record("the group is new")
            return
        }
        #expect(report.partitions.map(\.committed) == [Offset(1)])
        #expect(report.emptySince != nil)
        guard case .unchanged = try await test.broker.createGroup(group, wanted) else {
            Issue.record("the group is there")
            return
        }
        let again = try await test.killed()
        let settings = try again.broker.group(group).settings
        #expect(settings.start == .latest)
        #expect(settings.commitTimeoutMilliseconds == 5000)
        #expect(settings.membersMax == 2)
        #expect(settings.timeToLiveMilliseconds == 3_600_000)
        await again.process.stop()
    }

    @Test func aGroupThatIsThereIsJoinedWithoutItsTopics() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let error = await #expect(throws: BrokerError.self) { try await TestMember.join(test, "billing", []) }
        guard case .invalid(let text) = error, text.hasPrefix("topics is missing") else {
            Issue.record("got \(String(describing: error))")
            return
        }
        _ = try await test.broker.createGroup(group, change([topic]))
        let member = try await TestMember.join(test, "billing", [])
        try await test.settle([member])
        #expect(member.owned.count == 1)
        await test.process.stop()
    }

    @Test func whatDiffersIsNamed() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let other = try await test.createTopic("payments")
        _ = try await test.broker.createGroup(group, change([topic]))
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.createGroup(group, change([other]) { $0.sessionTimeoutMilliseconds = 20_000 })
        }
        guard case .groupDiffers(group, let details) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(details == "topics is orders; sessionTimeoutMs is 10000")
        await test.process.stop()
    }

    @Test func wrongSettingsAreRefusedAndMakeNothing() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let wrong = [
            change(nil), change([]), change([topic]) { $0.commitTimeoutMilliseconds = 999 },
            change([topic]) { $0.sessionTimeoutMilliseconds = 300_001 }, change([topic]) { $0.membersMax = 0 },
            change([topic]) { $0.timeToLive = .milliseconds(-1) },
        ]
        for change in wrong {
            let error = await #expect(throws: BrokerError.self) { try await test.broker.createGroup(group, change) }
            guard case .invalid = error else {
                Issue.record("got \(String(describing: error))")
                continue
            }
        }
        let missing = try TopicName(validating: "missing")
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.createGroup(group, change([missing]))
        }
        guard case .topicNotFound(missing) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(throws: BrokerError.self) { try test.broker.group(group) }
        await #expect(throws: BrokerError.self) { try await test.broker.changeGroup(group, change([topic])) }
        await test.process.stop()
    }

    @Test func anotherListOfTopicsReachesTheMembers() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let other = try await test.createTopic("payments", partitions: 2)
        try await test.append(["a"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        try await member.commit()
        let report = try await test.broker.changeGroup(group, change([other]))
        #expect(report.keptTopics == [topic])
        try await test.settle([member])
        #expect(member.events.contains("revoked topic-dropped"))
        #expect(Set(member.owned.keys) == [.of(other, 0), .of(other, 1)])

        // The commit of a topic that comes back counts.
        let back = try await test.broker.changeGroup(group, change([topic, other]))
        #expect(back.partitions.first?.committed == Offset(1))
        _ = try await test.broker.changeGroup(group, change([other]) { $0.forgetsDroppedTopics = true })
        #expect(try test.broker.group(group).keptTopics.isEmpty)
        await test.process.stop()
    }

    @Test func aGroupWithMembersEndsOnlyByForce() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.deleteGroup(group, isForced: false)
        }
        guard case .groupHasMembers(group, count: 1) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        try await test.broker.deleteGroup(group, isForced: true)
        try await member.takeAll()
        #expect(member.events.last == "goodbye group-deleted false")
        await member.session.close(.disconnected)
        let again = try await test.killed()
        #expect(again.broker.groups(in: .default).isEmpty)
        let gone = await #expect(throws: BrokerError.self) {
            try await again.broker.deleteGroup(group, isForced: true)
        }
        guard case .groupNotFound(group) = gone else {
            Issue.record("got \(String(describing: gone))")
            return
        }
        await again.process.stop()
    }

    @Test func lagIsToldInRecordsAndSecondsAndWhatIsLost() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        _ = try await test.broker.createGroup(group, change([topic]))
        let now = test.broker.appendTime().millisecondsSinceEpoch
        try await test.append([(now - 90_000, "a"), (now - 60_500, "b"), (now - 1000, "c")], to: topic)
        let fresh = try await test.broker.groupWithLagAges(group)
        #expect(fresh.partitions.map(\.lag) == [3, 0])
        #expect(fresh.partitions.map(\.lagSeconds) == [90, 0])
        #expect(fresh.lagSeconds == 90)

        _ = try await test.broker.deleteRecords(of: .of(topic, 0), before: Offset(1))
        let overtaken = try await test.broker.groupWithLagAges(group)
        #expect(overtaken.partitions.map(\.lost) == [1, 0])
        #expect(overtaken.lag == 2)
        #expect(overtaken.lagSeconds == 60)
        #expect(try test.broker.group(group).lagSeconds == nil)
        await test.process.stop()
    }
}
