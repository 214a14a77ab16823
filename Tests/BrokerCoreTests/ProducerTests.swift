import BrokerTestSupport
import RecordFormat
import SegmentStore
import Testing

@testable import BrokerCore

/// Producers' requests through the running broker.
@Suite(.timeLimit(.minutes(1))) struct ProducerTests {
    private func mark(_ sequence: Int32, epoch: Int16 = 0, id: String = "p") -> ProducerSequence {
        ProducerSequence(principal: .anonymous, id: id, epoch: epoch, sequence: sequence)
    }

    private func item(_ topic: TopicName, _ partition: Int32, _ values: [String], expected: Offset? = nil) -> AppendItem
    {
        AppendItem(target: .of(topic, partition), batches: [.of(values)], expectedOffset: expected)
    }

    @Test func aRetryGetsTheFirstReceipts() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["before"], to: topic, 1)
        let items = [item(topic, 1, ["a", "b"]), item(topic, 0, ["c"])]
        for attempt in 0..<3 {
            let receipts = try await test.broker.append(items, producer: mark(0))
            #expect(receipts.map(\.base) == [Offset(1), Offset(0)])
            #expect(receipts.map(\.end) == [Offset(3), Offset(1)])
            #expect(receipts.map(\.target) == [.of(topic, 1), .of(topic, 0)])
            #expect(receipts.allSatisfy { $0.isDuplicate == (attempt > 0) })
        }
        #expect(try await test.values(in: topic, 1) == ["before", "a", "b"])
        await test.process.stop()
    }

    @Test func everyRefusalReachesTheOutside() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let broker = test.broker
        func refusal(_ mark: ProducerSequence, _ value: String = "x") async -> BrokerError? {
            await #expect(throws: BrokerError.self) {
                try await broker.append([item(topic, 0, [value])], producer: mark)
            }
        }
        guard case .producerUnknown(received: 3) = await refusal(mark(3)) else {
            Issue.record("unknown")
            return
        }
        for sequence in 0..<7 as Range<Int32> {
            _ = try await broker.append([item(topic, 0, ["\(sequence)"])], producer: mark(sequence))
        }
        guard case .producerSequenceGap(expected: 7, received: 9) = await refusal(mark(9)) else {
            Issue.record("gap")
            return
        }
        guard case .producerSequenceReused(6) = await refusal(mark(6)) else {
            Issue.record("reused")
            return
        }
        guard case .producerDuplicateUnknown = await refusal(mark(0), "0") else {
            Issue.record("before")
            return
        }
        _ = try await broker.append([item(topic, 0, ["new"])], producer: mark(0, epoch: 2))
        guard case .producerFenced(current: 2) = await refusal(mark(7)) else {
            Issue.record("fenced")
            return
        }
        guard case .invalid = await refusal(mark(0, id: "")) else {
            Issue.record("no id")
            return
        }
        let other = try await test.createTopic("other")
        let both = await #expect(throws: BrokerError.self) {
            try await broker.append([item(topic, 0, ["x"]), item(other, 0, ["x"])], producer: mark(0, id: "q"))
        }
        guard case .invalid = both else {
            Issue.record("two topics")
            return
        }
        #expect(try await test.values(in: topic) == (0..<7).map { "\($0)" } + ["new"])
        await test.process.stop()
    }

    @Test func retriesOfManyProducersAtOnceAreStoredOnce() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 3)
        let broker = test.broker
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<8 {
                group.addTask {
                    for sequence in 0..<10 as Range<Int32> {
                        let items = [
                            item(topic, Int32(producer) % 3, ["\(producer).\(sequence)"]),
                            item(topic, (Int32(producer) + 1) % 3, ["\(producer).\(sequence)'"]),
                        ]
                        let mark = mark(sequence, id: "p\(producer)")
                        // Three attempts at once: one is stored, the others wait for it and find it.
                        async let first = broker.append(items, producer: mark)
                        async let second = broker.append(items, producer: mark)
                        async let third = broker.append(items, producer: mark)
                        let all = try? await [first, second, third]
                        #expect(all?.count { $0.allSatisfy { !$0.isDuplicate } } == 1)
                        #expect(Set(all?.map { $0.map(\.base) } ?? []).count == 1)
                    }
                }
            }
        }
        var found: [String] = []
        for partition in 0..<3 as Range<Int32> { found += try await test.values(in: topic, partition) }
        let expected = (0..<8).flatMap { producer in
            (0..<10).flatMap { ["\(producer).\($0)", "\(producer).\($0)'"] }
        }
        #expect(found.sorted() == expected.sorted())
        await test.process.stop()
    }

    @Test func whoComesFirstAfterAStartWaitsForTheWindows() async throws {
        var test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        for sequence in 0..<4 as Range<Int32> {
            _ = try await test.broker.append([item(topic, sequence % 2, ["\(sequence)"])], producer: mark(sequence))
        }
        for isKill in [false, true, true] {
            test = isKill ? try await test.killed() : try await test.restarted()
            #expect(!test.broker.store.hasLoadedProducers(of: try test.broker.topic(topic).id))
            let broker = test.broker
            try await withThrowingTaskGroup(of: [AppendReceipt].self) { group in
                for sequence in 0..<4 as Range<Int32> {
                    group.addTask {
                        try await broker.append(
                            [item(topic, sequence % 2, ["\(sequence)"])],
                            producer: mark(sequence)
                        )
                    }
                }
                for try await receipts in group { #expect(receipts.allSatisfy { $0.isDuplicate }) }
            }
        }
        #expect(try await test.values(in: topic, 0) == ["0", "2"])
        #expect(try await test.values(in: topic, 1) == ["1", "3"])
        await test.process.stop()
    }

    @Test func whatWaitsForTheWindowsIsBounded() async throws {
        let broker = try await TestBroker.opened { $0.limits.appendQueueBytesMax = ByteCount(300) }
        let name = try TopicName(validating: "orders")
        let topic = try broker.makeTopic(name, partitions: 1)
        let gate = ThreadParker()
        // All readers are busy, so that the load waits.
        for _ in 0..<broker.configuration.readThreads {
            broker.readPool.submit {
                gate.park()
                gate.unpark()
            }
        }
        async let first: Void = broker.producers.load(topic, bytes: 200)
        while broker.producers.waitingBytes == 0 { await Task.yield() }
        let error = await #expect(throws: BrokerError.self) { try await broker.producers.load(topic, bytes: 200) }
        guard case .queueFull = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        async let second: Void = broker.producers.load(topic, bytes: 100)
        while broker.producers.waitingBytes < 300 { await Task.yield() }
        gate.unpark()
        _ = try await (first, second)
        #expect(broker.producers.waitingBytes == 0)
        #expect(broker.store.hasLoadedProducers(of: topic.id))
        await broker.stop()
    }

    @Test func theRetryOfAConditionalAppendIsNoFailedCondition() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let first = item(topic, 0, ["a"], expected: .zero)
        #expect(try await test.broker.append([first], producer: mark(0)).map(\.isDuplicate) == [false])
        #expect(try await test.broker.append([first], producer: mark(0)).map(\.isDuplicate) == [true])
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append([first], producer: mark(1)) }
        guard case .expectedOffset(_, expected: .zero, actual: Offset(1)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func aTopicOfTheSameNameInheritsNothing() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        for sequence in 0..<3 as Range<Int32> {
            _ = try await test.broker.append([item(topic, 0, ["a"])], producer: mark(sequence))
        }
        try await test.broker.deleteTopic(topic)
        try await test.createTopic("orders")
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.append([item(topic, 0, ["a"])], producer: mark(3))
        }
        guard case .producerUnknown = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let receipts = try await test.broker.append([item(topic, 0, ["a"])], producer: mark(0))
        #expect(receipts.map(\.isDuplicate) == [false])
        await test.process.stop()
    }

    @Test func aRetryAcrossGrowthIsRefusedUnlessItGoesToTheSamePlaces() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 1)
        let both = [item(topic, 0, ["a", "b"])]
        _ = try await test.broker.append(both, producer: mark(0))
        var change = TopicSettingsChange()
        change.partitions = 2
        _ = try await test.broker.changeTopic(topic, change)
        #expect(try await test.broker.append(both, producer: mark(0)).map(\.isDuplicate) == [true])
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.append([item(topic, 0, ["a"]), item(topic, 1, ["b"])], producer: mark(0))
        }
        guard case .producerDuplicateUnknown = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = try await test.broker.append([item(topic, 1, ["c"])], producer: mark(1))
        let again = try await test.killed()
        let receipts = try await again.broker.append([item(topic, 1, ["c"])], producer: mark(1))
        #expect(receipts.map(\.isDuplicate) == [true])
        #expect(try await again.values(in: topic, 0) == ["a", "b"])
        await again.process.stop()
    }
}
