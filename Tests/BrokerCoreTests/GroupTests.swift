import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct GroupTests {
    private func fill(_ test: TestBroker, _ topic: TopicName, partitions: Int32, count: Int) async throws -> [String] {
        var all: [String] = []
        for partition in 0..<partitions {
            let values = (0..<count).map { "\(partition)/\($0)" }
            try await test.append(values, to: topic, partition)
            all += values
        }
        return all.sorted()
    }

    @Test func oneMemberGetsEverythingAndCommits() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 4)
        let all = try await fill(test, topic, partitions: 4, count: 10)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        #expect(member.events.first == "assigned 4")
        #expect(member.values.sorted() == all)
        #expect(try await member.commit().map(\.outcome) == Array(repeating: .committed, count: 4))
        let report = try test.broker.group(GroupName(validating: "billing"))
        #expect(report.partitions.map(\.lag) == [0, 0, 0, 0])
        #expect(report.partitions.map(\.committed) == Array(repeating: Offset(10), count: 4))
        #expect(report.members.map(\.id) == [member.session.member])
        await test.process.stop()
    }

    @Test func threeMembersShareAndTakeOver() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 6)
        let all = try await fill(test, topic, partitions: 6, count: 10)
        var members: [TestMember] = []
        for _ in 0..<3 { members.append(try await TestMember.join(test, "billing", [topic])) }
        try await test.settle(members)
        #expect(members.map(\.owned.count).sorted() == [2, 2, 2])
        #expect(members.flatMap { Array($0.owned.keys) }.count == 6)
        #expect(members.flatMap(\.values).sorted() == all)

        // A worker leaves: its share moves, and what comes later is read once.
        let leaver = members.removeLast()
        await leaver.session.close(.leave)
        try await test.settle(members)
        #expect(members.map(\.owned.count) == [3, 3])
        for partition in Int32(0)..<6 { try await test.append(["late \(partition)"], to: topic, partition) }
        try await test.settle(members)
        #expect(members.flatMap(\.values).filter { $0.hasPrefix("late") }.count == 6)
        #expect(members.flatMap(\.values).count + leaver.values.count == 66)
        #expect(try test.broker.group(GroupName(validating: "billing")).partitions.allSatisfy { $0.lag == 0 })
        await test.process.stop()
    }

    @Test func aStandbyIsToldSo() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let first = try await TestMember.join(test, "billing", [topic])
        let second = try await TestMember.join(test, "billing", [topic])
        try await test.settle([first, second])
        #expect(first.owned.count == 1)
        #expect(second.events == ["assigned 0"])
        await first.session.close(.leave)
        try await test.settle([second])
        #expect(second.owned.count == 1)
        await test.process.stop()
    }

    @Test func aCommitOfAFormerOwnerIsFenced() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a", "b"], to: topic)
        let first = try await TestMember.join(test, "billing", [topic])
        try await first.takeAll()
        let partition = TopicPartition.of(topic, 0)
        let epoch = try #require(first.owned[partition])
        let beyond = CommitOffsetsRequest.Item(partition: partition, offset: Offset(3), epoch: epoch)
        #expect(try await first.commit([beyond]).map(\.outcome) == [.beyondVisible(visible: Offset(2))])
        let stale = CommitOffsetsRequest.Item(partition: partition, offset: Offset(1), epoch: epoch - 1)
        #expect(
            try await first.commit([stale]).map(\.outcome) == [.fenced(owner: first.session.member, epoch: epoch)]
        )
        try await first.commit()
        let again = CommitOffsetsRequest.Item(partition: partition, offset: Offset(1), epoch: epoch)
        #expect(try await first.commit([again]).map(\.outcome) == [.outdated(committed: Offset(2))])

        let second = try await TestMember.join(test, "billing", [topic])
        await first.session.close(.disconnected)
        test.clock.advance(byMilliseconds: 11_000)
        try await test.settle([second])
        #expect(second.owned.count == 1)
        let late = try? await first.commit([again]).map(\.outcome)
        #expect(late == nil || late?.first.map { if case .fenced = $0 { true } else { false } } == true)
        await test.process.stop()
    }

    @Test func deliveryPausesAtMaxInFlight() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        _ = try await fill(test, topic, partitions: 2, count: 10)
        let member = try await TestMember.join(test, "billing", [topic], maxInFlight: 4)
        try await member.takeAll()
        #expect(member.events == ["assigned 2", "records 4", "paused 4"])
        try await member.commit()
        try await member.takeAll()
        #expect(member.events.dropFirst(3) == ["resumed", "records 4", "paused 4"])
        for _ in 0..<4 {
            try await member.commit()
            try await member.takeAll()
        }
        #expect(member.values.count == 20)
        #expect(Set(member.values).count == 20)
        await test.process.stop()
    }

    @Test func aSessionSleepsUntilSomethingHappens() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        let session = member.session
        let tail = try #require(test.broker.registry.find(topic)?.partitions.first?.tail)
        async let event = session.next(deadline: nil)
        while tail.waiterCount == 0 { await Task.yield() }
        try await test.append(["a"], to: topic)
        guard case .records = await event else {
            Issue.record("records were appended")
            return
        }
        async let farewell = session.next(deadline: nil)
        test.broker.drain()
        guard case .goodbye("drain", true, _) = await farewell else {
            Issue.record("the broker drains")
            return
        }
        await session.close(.disconnected)
        await session.close(.leave)
        #expect(try test.broker.group(GroupName(validating: "billing")).members.count == 1)
        await test.process.stop()
    }

    @Test func anotherListOfTopicsIsRefused() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let other = try await test.createTopic("payments")
        _ = try await TestMember.join(test, "billing", [topic])
        let error = await #expect(throws: BrokerError.self) { try await TestMember.join(test, "billing", [other]) }
        guard case .groupTopicsDiffer(_, [topic]) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        let missing = try TopicName(validating: "missing")
        let unknown = await #expect(throws: BrokerError.self) { try await TestMember.join(test, "x", [missing]) }
        guard case .topicNotFound = unknown else {
            Issue.record("got \(String(describing: unknown))")
            return
        }
        await test.process.stop()
    }

    @Test func latestIsResolvedOnce() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["old"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic], start: .latest)
        try await test.append(["new"], to: topic)
        try await member.takeAll()
        #expect(member.values == ["new"])
        await test.process.stop()
    }
}
