import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

@testable import BrokerCore

/// A broker that has too little of something: ring, room on the volume, descriptors.
@Suite(.timeLimit(.minutes(2))) struct PressureTests {
    private func item(_ topic: TopicName, _ partition: Int32 = 0, bytes: Int) -> AppendItem {
        AppendItem(target: .of(topic, partition), batches: [.of([String(repeating: "x", count: bytes)])])
    }

    private enum AppendOutcome: Equatable, Sendable {
        case stored, queueFull
        case other(String)
    }

    @Test func theDelayGrowsWithTheShortageAndTheSlownessOfTheDisk() {
        func delay(free: Int, checkpointMilliseconds: Int64) -> Int64 {
            RoundDelay.milliseconds(
                RingRoom(freeBytes: free, capacityBytes: 64 << 20, neededBytes: 2 << 20),
                checkpointMilliseconds: checkpointMilliseconds
            )
        }
        #expect(delay(free: 16 << 20, checkpointMilliseconds: 500) == 0)
        #expect(delay(free: 15 << 20, checkpointMilliseconds: 500) == 33)
        #expect(delay(free: 5 << 20, checkpointMilliseconds: 500) == 100)
        #expect(delay(free: 5 << 20, checkpointMilliseconds: 1000) == 200)
        #expect(delay(free: 2 << 20, checkpointMilliseconds: 10_000) == RoundDelay.millisecondsMax)
    }

    @Test func aCheckpointThatHangsFillsTheRingThenTheQueueAndLosesNothing() async throws {
        let test = try await TestBroker.start { $0.limits.appendQueueBytesMax = .mebibytes(1) }
        let topic = try await test.createTopic("orders")
        // No checkpoint comes through: the slot's file cannot be opened.
        test.fileSystem.plan(.failure(.tooManyOpenFiles), times: 1_000_000) {
            $0.kind == .open && $0.path.string.contains("checkpoint.")
        }
        let one = item(topic, bytes: 200_000)
        var stored = 0
        while test.broker.store.ringRoom(forEntryBytes: 201_000).isEnough {
            _ = try await test.broker.append([one])
            stored += 1
        }
        #expect(stored > 3)
        let outcomes = await appendMoreThanTheQueueTakes(one, to: test)
        #expect(test.process.failure == nil)
        #expect(outcomes.allSatisfy { $0 == .stored || $0 == .queueFull })
        #expect(outcomes.contains(.stored) && outcomes.contains(.queueFull))
        stored += outcomes.count { $0 == .stored }
        await test.process.stop()
        let again = try await test.killed()
        #expect(try await again.values(in: topic).count == stored)
        await again.process.stop()
    }

    /// Appends until the queue is full, lets checkpoints through then, and tells how all appends ended.
    private func appendMoreThanTheQueueTakes(_ one: AppendItem, to test: TestBroker) async -> [AppendOutcome] {
        let (broker, clock) = (test.broker, test.clock)
        return await withTaskGroup(of: AppendOutcome.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    do {
                        _ = try await broker.append([one])
                        return .stored
                    } catch BrokerError.queueFull {
                        return .queueFull
                    } catch {
                        return .other("\(error)")
                    }
                }
            }
            // The queue has room for five of them and the ring for none: only refusals can come now.
            var outcomes = [await group.next()].compactMap { $0 }
            test.fileSystem.forgetRules()
            let ticker = Task {
                while !Task.isCancelled {
                    clock.advance(byMilliseconds: 100)
                    await Task.yield()
                }
            }
            for await outcome in group { outcomes.append(outcome) }
            ticker.cancel()
            return outcomes
        }
    }

    @Test func aFullVolumeRefusesUsersAndNobodyElse() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let other = try await test.createTopic("other")
        try await test.append(["a", "b"], to: topic)
        let group = try GroupName(validating: "billing")
        let session = try await test.broker.joinGroup(
            GroupJoinRequest(group: group, topics: [topic], principal: .anonymous)
        )
        test.fileSystem.leave(bytes: 1 << 20)
        test.broker.store.updateSpace()
        #expect(test.broker.storage == .full)
        #expect(test.broker.appendRefusal(bytes: ByteCount(1)) != nil)
        let error = await #expect(throws: BrokerError.self) { try await test.append(["c"], to: topic) }
        guard case .insufficientStorage = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await #expect(throws: BrokerError.self) { try await test.createTopic("new") }
        #expect(try await test.values(in: topic) == ["a", "b"])
        try await test.broker.deleteTopic(other)
        await session.close(.leave)
        test.fileSystem.setCapacity(bytes: nil)
        await test.waitForRoom()
        try await test.append(["c"], to: topic)
        #expect(try await test.values(in: topic) == ["a", "b", "c"])
        await test.process.stop()
    }

    @Test func manyPartitionsAreWrittenWithFewDescriptors() async throws {
        var settings = SimulatedSettings()
        settings.descriptorCountMax = 24
        let fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        let test = try await TestBroker.start(over: fileSystem) { $0.store.openSegmentsMax = 8 }
        let topic = try await test.createTopic("orders", partitions: 60)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for partition in 0..<60 {
                group.addTask { try await test.append(["v"], to: topic, Int32(partition)) }
            }
            try await group.waitForAll()
        }
        for partition in 0..<60 { #expect(try await test.values(in: topic, Int32(partition)) == ["v"]) }
        #expect(test.process.failure == nil)
        await test.process.stop()
    }
}
