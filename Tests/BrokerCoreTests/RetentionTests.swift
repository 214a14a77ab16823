import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct RetentionTests {
    /// A broker whose topic keeps little, in small segments.
    private static func started(_ set: (inout TopicSettingsChange) -> Void) async throws -> (TestBroker, TopicName) {
        let test = try await TestBroker.start()
        let topic = try TopicName(validating: "orders")
        var settings = TopicSettingsChange()
        settings.segmentBytesMax = .value(.kibibytes(64))
        set(&settings)
        _ = try await test.broker.createTopic(topic, settings: settings)
        return (test, topic)
    }

    /// Lets checkpoints and walks come by until the log begins where it should.
    private static func wait(_ test: TestBroker, _ topic: TopicName, until isDone: (Offset) -> Bool) async throws {
        while true {
            let start = try #require(try test.broker.topic(topic).partitions.first).logStart
            if isDone(start) { return }
            test.clock.advance(byMilliseconds: 61_000)
            await Task.yield()
        }
    }

    @Test func whatIsBeyondTheBytesGoesAndReadersAreTold() async throws {
        let (test, topic) = try await Self.started { $0.retentionBytes = .value(.kibibytes(64)) }
        let member = try await TestMember.join(test, "billing", [topic])
        try await test.settle([member])
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let value = String(repeating: "x", count: 1000)
        for _ in 0..<30 { try await test.append(Array(repeating: value, count: 10), to: topic) }
        try await Self.wait(test, topic) { $0 >= Offset(100) }
        let partition = try #require(try test.broker.topic(topic).partitions.first)
        #expect(partition.size.value >= 64 * 1024)
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        let gap = try #require(result.gaps.first)
        #expect(gap.from == .zero && gap.to == partition.logStart)
        #expect(result.slices.first?.start == gap.to)
        let restarted = try await test.restarted()
        #expect(try restarted.broker.topic(topic).partitions.first?.logStart == partition.logStart)
        await restarted.process.stop()
    }

    /// A walk over all partitions takes a while, and one that is under way knows the topic as it was.
    @Test func aWalkUnderWayKeepsToTheSettingsAsTheyAreNow() async throws {
        let (test, topic) = try await Self.started { $0.partitions = 2 }
        let broker = test.broker
        let value = String(repeating: "x", count: 1000)
        for number in 0..<60 { try await test.append(Array(repeating: value, count: 10), to: topic, Int32(number % 2)) }
        var change = TopicSettingsChange()
        change.retentionBytes = .value(.kibibytes(64))
        _ = try await broker.changeTopic(topic, change)
        let former = try broker.registry.topic(topic)
        change.retentionBytes = .byDefault
        _ = try await broker.changeTopic(topic, change)
        let job = RetentionJob(
            store: broker.store,
            queue: broker.queue,
            registry: broker.registry,
            logger: broker.logger
        )
        // Until the second partition shows that there is something to remove by now.
        while try broker.store.retain(former.partitions[1].key, former.settings.retention) == nil {
            test.clock.advance(byMilliseconds: 61_000)
            await Task.yield()
        }
        test.clock.advance(byMilliseconds: 61_000)
        try job.run(former.partitions[0], of: former)
        #expect(try broker.topic(topic).partitions.first?.logStart == .zero)
        // There was something to remove.
        #expect(try broker.store.retain(former.partitions[0].key, former.settings.retention) != nil)
        await test.process.stop()
    }

    @Test func aGroupIsToldWhatWentBeforeItCommitted() async throws {
        let (test, topic) = try await Self.started { $0.retentionBytes = .value(.kibibytes(64)) }
        let former = try await TestMember.join(test, "billing", [topic])
        try await test.append((0..<10).map { "\($0)" }, to: topic)
        try await former.takeAll()
        try await former.commit()
        await former.session.close(.leave)
        let filling = "-" + String(repeating: "x", count: 1000)
        for number in 1..<31 { try await test.append((0..<10).map { "\(number * 10 + $0)\(filling)" }, to: topic) }
        try await Self.wait(test, topic) { $0 >= Offset(100) }
        let restarted = try await test.restarted()
        let start = try #require(try restarted.broker.topic(topic).partitions.first).logStart
        let member = try await TestMember.join(restarted, "billing", [topic])
        try await restarted.settle([member])
        #expect(member.events.filter { $0.hasPrefix("gap") } == ["gap 10..<\(start) retention"])
        #expect(member.values == (Int(start.value)..<310).map { "\($0)\(filling)" })
        await member.session.close(.leave)
        // What it committed lies behind the gap: it is told once.
        let next = try await TestMember.join(restarted, "billing", [topic])
        try await restarted.settle([next])
        #expect(next.events.allSatisfy { !$0.hasPrefix("gap") } && next.values.isEmpty)
        await restarted.process.stop()
    }

    @Test func whatIsTooOldGoesFromAnIdleTopic() async throws {
        let (test, topic) = try await Self.started { $0.retentionSeconds = .value(3600) }
        try await test.append(["a", "b"], to: topic)
        try await Self.wait(test, topic) { $0 == Offset(2) }
        #expect(try await test.values(in: topic) == [])
        try await test.append(["c"], to: topic)
        #expect(try await test.values(in: topic) == ["c"])
        await test.process.stop()
    }

    @Test func aTopicMadeAnewInheritsNothing() async throws {
        let (test, topic) = try await Self.started { $0.retentionSeconds = .value(3600) }
        try await test.append(["a", "b"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        try await member.commit()
        #expect(try await test.broker.deleteRecords(of: .of(topic, 0), before: Offset(1)) == Offset(1))
        await member.session.close(.leave)
        let id = try test.broker.topic(topic).id
        try await test.broker.deleteTopic(topic)
        try await test.createTopic("orders")
        let made = try test.broker.topic(topic)
        #expect(made.id != id)
        #expect(made.settings.retentionSeconds == nil && made.settings.segmentBytesMax == .mebibytes(1))
        #expect(made.partitions.first?.logStart == .zero && made.partitions.first?.visible == .zero)
        try await test.append(["new"], to: topic)
        let restarted = try await test.restarted()
        #expect(try await restarted.values(in: topic) == ["new"])
        #expect(!restarted.fileSystem.paths.contains { $0.contains(id.hex) })
        let again = try await TestMember.join(restarted, "billing", [topic])
        try await restarted.settle([again])
        #expect(again.values == ["new"])
        await restarted.process.stop()
    }

    @Test func recordsAreDeletedUpToAnOffset() async throws {
        let (test, topic) = try await Self.started { _ in }
        try await test.append(["a", "b", "c"], to: topic)
        let partition = TopicPartition.of(topic, 0)
        #expect(try await test.broker.deleteRecords(of: partition, before: Offset(2)) == Offset(2))
        #expect(try await test.broker.deleteRecords(of: partition, before: Offset(1)) == Offset(2))
        #expect(try await test.values(in: topic) == ["c"])
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.deleteRecords(of: partition, before: Offset(4))
        }
        guard case .offsetOutOfRange(partition, Offset(4), Offset(2), Offset(3)) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        let killed = try await test.killed()
        #expect(try await killed.values(in: topic) == ["c"])
        await killed.process.stop()
    }

    @Test func aCompactedTopicKeepsItsRecords() async throws {
        let (test, topic) = try await Self.started { $0.cleanup = .value(.compact) }
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.deleteRecords(of: .of(topic, 0), before: .zero)
        }
        guard case .topicCannotChange = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }
}
