import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct AppendTests {
    @Test func recordsAreReadAtTheOffsetsOfTheirReceipt() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let first = try await test.append(["a", "b"], to: topic, 1)
        let second = try await test.append(["c"], to: topic, 1)
        #expect((first.base, first.end) == (Offset(0), Offset(2)))
        #expect((second.base, second.end) == (Offset(2), Offset(3)))
        #expect(try await test.values(in: topic, 1) == ["a", "b", "c"])
        #expect(try await test.values(in: topic, 0) == [])
        await test.process.stop()
    }

    @Test func manyRequestsShareARound() async throws {
        let fileSystem = SimulatedFileSystem()
        let broker = try await TestBroker.opened(over: fileSystem)
        let topic = try TopicName(validating: "orders")
        broker.registry.add(try broker.makeTopic(topic, partitions: 4))
        let flushesBefore = fileSystem.calls.count { $0.site == .journalFrame }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let item = AppendItem(
                        target: .of(topic, Int32(number % 4)),
                        batches: [.of(["\(number)"])]
                    )
                    #expect((try? await broker.append([item])) != nil)
                }
            }
            // The requests are queued while nobody commits: the first round takes them all.
            while broker.queue.count < 200 { await Task.yield() }
            broker.start()
        }
        let flushes = fileSystem.calls.count { $0.site == .journalFrame } - flushesBefore
        #expect(flushes == 1)
        #expect(broker.registry.find(topic)?.partitions.map(\.visible) == Array(repeating: Offset(50), count: 4))
        await broker.stop()
    }

    @Test func aRequestIsWhollyStoredOrNotAtAll() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["a"], to: topic, 1)
        let items = [
            AppendItem(target: .of(topic, 0), batches: [.of(["x"])]),
            AppendItem(target: .of(topic, 1), batches: [.of(["y"])], expectedOffset: Offset(7)),
        ]
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append(items) }
        guard case .expectedOffset(let partition, Offset(7), Offset(1)) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(partition == .of(topic, 1))
        #expect(try await test.values(in: topic, 0) == [])
        let receipts = try await test.broker.append([
            items[0], AppendItem(target: .of(topic, 1), batches: [.of(["y"])], expectedOffset: Offset(1)),
        ])
        #expect(receipts.map(\.target) == [.of(topic, 0), .of(topic, 1)])
        #expect(receipts.map(\.base) == [Offset(0), Offset(1)])
        await test.process.stop()
    }

    @Test func aFullQueueAnswersAtOnce() async throws {
        let broker = try await TestBroker.opened { $0.limits.appendQueueBytesMax = ByteCount(300) }
        let topic = try TopicName(validating: "orders")
        broker.registry.add(try broker.makeTopic(topic, partitions: 1))
        let item = AppendItem(target: .of(topic, 0), batches: [.of([String(repeating: "x", count: 200)])])
        async let first = broker.append([item])
        while broker.queue.count < 1 { await Task.yield() }
        let error = await #expect(throws: BrokerError.self) { try await broker.append([item]) }
        guard case .queueFull = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        broker.start()
        #expect(try await first.map(\.end) == [Offset(1)])
        #expect(try await broker.append([item]).map(\.base) == [Offset(1)])
        await broker.stop()
    }

    @Test func whatDoesNotFitAFrameIsRefusedBeforeItIsQueued() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let large = AppendItem(
            target: .of(topic, 0),
            batches: [.of([String(repeating: "x", count: 2 << 20)])]
        )
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append([large]) }
        guard case .requestTooLarge = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func unknownTargetsAreNamed() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let missing = try TopicName(validating: "missing")
        for (target, text) in [
            (TopicPartition.of(missing, 0), "topicNotFound"), (.of(topic, 1), "partitionNotFound"),
            (.of(TopicName(internal: "__consumer_offsets"), 0), "nameReserved"),
        ] {
            let item = AppendItem(target: target, batches: [.of(["x"])])
            let error = await #expect(throws: BrokerError.self) { try await test.broker.append([item]) }
            #expect(error.map { "\($0)".hasPrefix(text) } == true, "\(String(describing: error))")
        }
        await test.process.stop()
    }

    @Test func theRingIsReusedManyTimes() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let value = String(repeating: "x", count: 300_000)
        for number in 0..<40 { try await test.append([value], to: topic, Int32(number % 2)) }
        #expect(test.process.failure == nil)
        let again = try await test.killed()
        #expect(try again.broker.topic(topic).partitions.map(\.visible) == [Offset(20), Offset(20)])
        await again.process.stop()
    }

    @Test func anIdleJournalProvesItsLastFrame() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        let flushes = test.journalFlushCount
        #expect(test.broker.store.needsProofFrame)
        while test.broker.store.needsProofFrame {
            test.clock.advance(byMilliseconds: 1)
            await Task.yield()
        }
        #expect(test.journalFlushCount == flushes + 1)
        await test.process.stop()
    }
}
