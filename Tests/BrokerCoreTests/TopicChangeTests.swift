import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct TopicChangeTests {
    @Test func settingsAreChosenChangedAndKept() async throws {
        let test = try await TestBroker.start()
        let name = try TopicName(validating: "orders")
        var asked = TopicSettingsChange(partitions: 2)
        asked.retentionBytes = .value(ByteCount(500))
        asked.compression = .value(.gzip)
        asked.segmentBytesMax = .value(.kibibytes(64))
        _ = try await test.broker.createTopic(name, settings: asked)
        var change = TopicSettingsChange()
        change.retentionBytes = .byDefault
        change.retentionSeconds = .value(60)
        change.onCorruption = .value(.skip)
        let changed = try await test.broker.changeTopic(name, change)
        var expected = TopicSettings(partitions: 2, segmentBytesMax: .kibibytes(64))
        expected.retentionSeconds = 60
        expected.compression = .gzip
        expected.onCorruption = .skip
        #expect(changed.settings == expected)
        let killed = try await test.killed()
        #expect(try killed.broker.topic(name).settings == expected)
        await killed.process.stop()
    }

    @Test func aRepeatedCreationTellsAllThatDiffers() async throws {
        let test = try await TestBroker.start()
        let name = try TopicName(validating: "orders")
        var asked = TopicSettingsChange(partitions: 2)
        asked.retentionSeconds = .value(7)
        _ = try await test.broker.createTopic(name, settings: asked)
        asked.retentionSeconds = .byDefault
        asked.cleanup = .value(.compact)
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.createTopic(name, settings: asked)
        }
        guard case .topicDiffers(_, let details) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(details == "cleanup is delete, not compact; retentionSeconds is 7, not unlimited")
        await test.process.stop()
    }

    @Test func settingsOutOfRangeOrInConflictAreRefused() async throws {
        let test = try await TestBroker.start()
        let name = try await test.createTopic("orders", partitions: 2)
        var changes: [(TopicSettingsChange, String)] = []
        func add(_ text: String, _ set: (inout TopicSettingsChange) -> Void) {
            var change = TopicSettingsChange()
            set(&change)
            changes.append((change, text))
        }
        add("partitions is from 1") { $0.partitions = 0 }
        add("retentionBytes is at least 1") { $0.retentionBytes = .value(.zero) }
        add("retentionSeconds is from 1") { $0.retentionSeconds = .value(0) }
        add("retentionSeconds is from 1") { $0.retentionSeconds = .value(.max) }
        add("segmentBytesMax is from 65536") { $0.segmentBytesMax = .value(ByteCount(65_535)) }
        add("segmentBytesMax is from 65536") { $0.segmentBytesMax = .value(.mebibytes(1025)) }
        add("retentionBytes does not go with") {
            $0.cleanup = .value(.compact)
            $0.retentionBytes = .value(ByteCount(1))
        }
        for (change, text) in changes {
            let error = await #expect(throws: BrokerError.self) { try await test.broker.changeTopic(name, change) }
            guard case .invalid(let reason) = error else {
                Issue.record("got \(String(describing: error))")
                continue
            }
            #expect(reason.hasPrefix(text))
        }
        #expect(try test.broker.topic(name).settings.segmentBytesMax == .mebibytes(1))
        await test.process.stop()
    }

    @Test func partitionsAreAddedAndNeverTakenAway() async throws {
        let test = try await TestBroker.start()
        let name = try await test.createTopic("orders", partitions: 2)
        #expect(try await test.broker.changeTopic(name, TopicSettingsChange(partitions: 3)).partitions.count == 3)
        try await test.append(["a"], to: name, 2)
        #expect(try await test.values(in: name, 2) == ["a"])
        try await expectRefusal(test, name, TopicSettingsChange(partitions: 2), "cannot be taken away")
        var compact = TopicSettingsChange()
        compact.cleanup = .value(.compact)
        try await expectRefusal(test, name, compact, "partitions were added")
        let other = try TopicName(validating: "latest")
        _ = try await test.broker.createTopic(other, settings: compact)
        try await expectRefusal(test, other, TopicSettingsChange(partitions: 2), "a compacted topic keeps its 1")
        let restarted = try await test.restarted()
        #expect(try restarted.broker.topic(name).partitions.count == 3)
        #expect(restarted.broker.registry.find(name)?.hasGrown == true)
        await restarted.process.stop()
    }

    private func expectRefusal(
        _ test: TestBroker,
        _ name: TopicName,
        _ change: TopicSettingsChange,
        _ text: String
    ) async throws {
        let error = await #expect(throws: BrokerError.self) { try await test.broker.changeTopic(name, change) }
        guard case .topicCannotChange(_, let reason) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(reason.contains(text))
    }

    @Test func aReaderOfTheWholeTopicTakesAddedPartitionsIn() async throws {
        let test = try await TestBroker.start()
        let names = [try await test.createTopic("a", partitions: 2), try await test.createTopic("b")]
        var cursor = Cursor(positions: [], isWhole: true)
        for name in names {
            cursor.positions += try await test.broker.cursor(for: name, partitions: nil, start: .latest).positions
        }
        let tail = try #require(test.broker.registry.find(names[0])?.partitions.first?.tail)
        let waiting = cursor
        async let reason = test.broker.wait(past: waiting, deadline: nil)
        while tail.waiterCount == 0 { await Task.yield() }
        _ = try await test.broker.changeTopic(names[0], TopicSettingsChange(partitions: 3))
        #expect(await reason == .moved)
        try await test.append(["x"], to: names[0], 2)
        try await test.append(["y"], to: names[1], 0)
        // A wait with the cursor of before ends at once, too.
        #expect(await test.broker.wait(past: cursor, deadline: nil) == .moved)
        var values: [String] = []
        for _ in 0..<3 {
            let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
            for slice in result.slices { values += try slice.values() }
            cursor = result.cursor
        }
        #expect(values.sorted() == ["x", "y"])
        #expect(cursor.positions.map { "\($0.partition)" } == ["a-0", "a-1", "a-2", "b-0"])
        await test.process.stop()
    }

    @Test func groupsShareAddedPartitions() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 1)
        let member = try await TestMember.join(test, "billing", [topic], start: .latest)
        try await test.settle([member])
        #expect(member.owned.count == 1)
        _ = try await test.broker.changeTopic(topic, TopicSettingsChange(partitions: 3))
        try await test.append(["late"], to: topic, 2)
        try await test.settle([member])
        #expect(member.owned.count == 3)
        #expect(member.values == ["late"])
        await test.process.stop()
    }
}
