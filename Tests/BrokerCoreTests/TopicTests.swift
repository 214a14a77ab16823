import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct TopicTests {
    @Test func aTopicIsCreatedOnce() async throws {
        let test = try await TestBroker.start()
        let name = try TopicName(validating: "orders")
        guard
            case .created(let made) = try await test.broker.createTopic(
                name,
                settings: TopicSettingsChange(partitions: 3)
            )
        else {
            Issue.record("the topic is new")
            return
        }
        #expect(made.partitions.count == 3)
        for settings in [TopicSettingsChange(partitions: 3), TopicSettingsChange()] {
            guard case .unchanged(let found) = try await test.broker.createTopic(name, settings: settings) else {
                Issue.record("the topic was there")
                return
            }
            #expect(found.id == made.id)
        }
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.createTopic(name, settings: TopicSettingsChange(partitions: 4))
        }
        guard case .topicDiffers = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(test.broker.topics(in: .default).map(\.name) == [name])
        await test.process.stop()
    }

    @Test func settingsOutOfRangeAndReservedNamesAreRefused() async throws {
        let test = try await TestBroker.start()
        let name = try TopicName(validating: "orders")
        for count in [Int32(0), -1, 10_001] {
            let error = await #expect(throws: BrokerError.self) {
                try await test.broker.createTopic(name, settings: TopicSettingsChange(partitions: count))
            }
            guard case .invalid = error else {
                Issue.record("got \(String(describing: error))")
                return
            }
        }
        let reserved = TopicName(internal: "__consumer_offsets")
        await #expect(throws: BrokerError.self) {
            try await test.broker.createTopic(reserved, settings: TopicSettingsChange())
        }
        await #expect(throws: BrokerError.self) { try await test.broker.deleteTopic(reserved) }
        await #expect(throws: BrokerError.self) { try await test.broker.deleteTopic(name) }
        await test.process.stop()
    }

    @Test func topicsAndRecordsSurviveRestarts() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["a", "b"], to: topic, 1)
        let restarted = try await test.restarted()
        #expect(try await restarted.values(in: topic, 1) == ["a", "b"])
        try await restarted.append(["c"], to: topic, 1)
        let killed = try await restarted.killed()
        #expect(try await killed.values(in: topic, 1) == ["a", "b", "c"])
        await killed.process.stop()
    }

    @Test func aDeletedTopicIsGoneForCursorsAndWaiters() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .latest)
        let tail = try #require(test.broker.registry.find(topic)?.partitions.first?.tail)
        async let reason = test.broker.wait(past: cursor, deadline: nil)
        while tail.waiterCount == 0 { await Task.yield() }
        try await test.broker.deleteTopic(topic)
        #expect(await reason == .moved)
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.read(cursor, budget: ReadBudget(bytes: ByteCount(1)))
        }
        guard case .topicNotFound = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        try await test.createTopic("orders")
        let replaced = await #expect(throws: BrokerError.self) {
            try await test.broker.read(cursor, budget: ReadBudget(bytes: ByteCount(1)))
        }
        guard case .topicReplaced = replaced else {
            Issue.record("got \(String(describing: replaced))")
            return
        }
        #expect(try await test.values(in: topic) == [])
        let restarted = try await test.restarted()
        #expect(try await restarted.values(in: topic) == [])
        await restarted.process.stop()
    }

    @Test func aSecondBrokerOnTheDirectoryIsRefused() async throws {
        let test = try await TestBroker.start()
        let error = await #expect(throws: BrokerStartError.self) {
            try await TestBroker.opened(over: test.fileSystem)
        }
        #expect(error?.kind == .locked)
        await test.process.stop()
        let after = try await TestBroker.opened(over: test.fileSystem)
        await after.stop()
    }
}
