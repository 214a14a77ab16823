import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct GroupRestartTests {
    @Test(arguments: [true, false]) func commitsAndMembersSurviveARestart(isClean: Bool) async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        for partition in Int32(0)..<2 { try await test.append(["a", "b"], to: topic, partition) }
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        let epochs = member.owned
        try await member.commit()
        for partition in Int32(0)..<2 { try await test.append(["c"], to: topic, partition) }
        try await member.takeAll()
        #expect(member.values.count == 6)

        let again = isClean ? try await test.restarted() : try await test.killed()
        let report = try again.broker.group(GroupName(validating: "billing"))
        #expect(report.members.map(\.id) == [member.session.member])
        #expect(report.members.map(\.isConnected) == [false])
        #expect(report.partitions.map(\.committed) == [Offset(2), Offset(2)])
        #expect(report.partitions.map(\.lag) == [1, 1])

        // It comes back within its session, keeps what it had, and is given again what it did not commit.
        let back = try await TestMember.join(again, "billing", [], resume: member.session.member)
        try await back.takeAll()
        #expect(back.session.member == member.session.member)
        #expect(back.owned == epochs)
        #expect(back.values == ["c", "c"])
        #expect(try await back.commit().map(\.outcome) == [.committed, .committed])
        await again.process.stop()
    }

    @Test func aSessionIsTakenOverByTheLaterConnection() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let first = try await TestMember.join(test, "billing", [topic])
        try await first.takeAll()
        let second = try await TestMember.join(test, "billing", [], resume: first.session.member)
        try await first.takeAll()
        #expect(first.events.last == "goodbye fenced false")
        // The former connection's end must not end the session.
        await first.session.close(.leave)
        try await second.takeAll()
        #expect(second.owned.count == 1)
        try await test.append(["a"], to: topic)
        try await second.takeAll()
        #expect(second.values == ["a"])
        await test.process.stop()
    }

    @Test func anUnknownSessionIsRefused() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        _ = try await TestMember.join(test, "billing", [topic])
        let error = await #expect(throws: BrokerError.self) {
            try await TestMember.join(test, "billing", [], resume: "m_0000000000000000")
        }
        guard case .sessionExpired = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func aDeletedTopicTakesItsCommitsWithIt() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let other = try await test.createTopic("payments")
        try await test.append(["a"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic, other])
        try await member.takeAll()
        try await member.commit()
        try await test.broker.deleteTopic(topic)
        try await test.flush()
        try await member.takeAll()
        #expect(member.events.contains("revoked topic-deleted"))
        let group = try GroupName(validating: "billing")
        #expect(try test.broker.group(group).partitions.map(\.partition.topic) == [other])

        // Another topic of the same name inherits nothing.
        try await test.createTopic("orders")
        try await test.append(["b"], to: topic)
        try await test.settle([member])
        #expect(member.values == ["a", "b"])
        let again = try await test.killed()
        #expect(try again.broker.group(group).partitions.map(\.committed) == [Offset(1), Offset(0)])
        await again.process.stop()
    }

    @Test func aDrainKeepsTheMembersForTheNextRun() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let first = try await TestMember.join(test, "billing", [topic])
        let second = try await TestMember.join(test, "billing", [topic])
        try await test.settle([first, second])
        test.broker.drain()
        for member in [first, second] {
            try await member.takeAll()
            #expect(member.events.last == "goodbye drain true")
            await member.session.close(.disconnected)
        }
        let again = try await test.restarted()
        for member in [first, second] {
            let back = try await TestMember.join(again, "billing", [], resume: member.session.member)
            try await back.takeAll()
            #expect(back.owned == member.owned)
        }
        await again.process.stop()
    }
}
