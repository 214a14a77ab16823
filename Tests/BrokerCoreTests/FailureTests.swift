import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct FailureTests {
    @Test func aFailedJournalFlushIsFatalAndItsOutcomeUnknown() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .journalFrame }
        let item = AppendItem(target: .of(topic, 0), batches: [.of(["b"])])
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append([item]) }
        guard case .outcomeUnknown = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(test.process.failure != nil)
        #expect(test.broker.phase == .failed)
        let late = await #expect(throws: BrokerError.self) { try await test.broker.append([item]) }
        guard case .storageRefused = late else {
            Issue.record("got \(String(describing: late))")
            return
        }
        #expect(try await test.values(in: topic) == ["a"])
        await test.process.stop()
    }

    @Test func aFailedSegmentWriteRefusesTheRoundAndTheBrokerGoesOn() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        let item = AppendItem(target: .of(topic, 0), batches: [.of(["b"])])
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append([item]) }
        guard case .insufficientStorage = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(test.broker.phase == .ready)
        await test.waitForRoom()
        try await test.append(["c"], to: topic)
        #expect(try await test.values(in: topic) == ["a", "c"])
        await test.process.stop()
    }

    @Test func aFailedCheckpointIsFatal() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .checkpointSlot }
        try await test.append(["a"], to: topic)
        // The process hears of it a moment before the phase changes.
        while test.process.failure == nil || test.broker.phase != .failed {
            test.clock.advance(byMilliseconds: 100)
            await Task.yield()
        }
        await test.process.stop()
        let again = try await test.killed()
        #expect(try await again.values(in: topic) == ["a"])
        await again.process.stop()
    }

    @Test func aRefusedGroupWriteReloadsTheShardAndCanBeTriedAgain() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let group = try GroupName(validating: "billing")
        let request = GroupJoinRequest(group: group, topics: [topic], principal: .anonymous)
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        let error = await #expect(throws: BrokerError.self) { try await test.broker.joinGroup(request) }
        guard case .insufficientStorage = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        var session: (any GroupSession)?
        while session == nil {
            session = try? await test.broker.joinGroup(request)
            await Task.yield()
        }
        #expect(try test.broker.group(group).members.count == 1)
        await test.process.stop()
    }
}
