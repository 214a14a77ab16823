import BrokerTestSupport
import RecordFormat
import Synchronization
import Testing

@testable import BrokerCore

/// A refused append puts a shard's state ahead of its log: it must end with what the log says (rule 24).
@Suite(.timeLimit(.minutes(1))) struct GroupRefusalTests {
    private func failNextSegmentWrite(_ test: TestBroker, times: Int = 1) {
        test.fileSystem.plan(.failure(.ioError), times: times) { call in
            call.kind == .write && call.path.string.hasSuffix(".log")
        }
    }

    @Test func joinsUnderRefusalsEndAsTheLogSays() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 4)
        let group = try GroupName(validating: "billing")
        failNextSegmentWrite(test, times: 3)
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<10 {
                tasks.addTask {
                    let request = GroupJoinRequest(group: group, topics: [topic], principal: .anonymous)
                    while (try? await test.broker.joinGroup(request)) == nil { await Task.yield() }
                }
            }
        }
        #expect(test.broker.phase == .ready)
        try await test.flush()
        let before = try test.broker.group(group).members.map(\.id)
        // Members whose answer was lost with a shard may be there too; what counts is that the log says the same.
        #expect(before.count >= 10)
        let again = try await test.killed()
        #expect(try again.broker.group(group).members.map(\.id) == before)
        await again.process.stop()
    }

    @Test func nothingIsToldBeforeItIsDurable() async throws {
        let broker = try await TestBroker.opened()
        let topic = try TopicName(validating: "orders")
        broker.registry.add(try broker.makeTopic(topic, partitions: 2))
        // Commands are taken, but nobody commits yet.
        for coordinator in broker.coordinators { coordinator.begin() }
        broker.lifecycle.becomeReady()
        let group = try GroupName(validating: "billing")
        let request = GroupJoinRequest(group: group, topics: [topic], principal: .anonymous)
        let joining = Task { try await broker.joinGroup(request) }
        while broker.queue.count < 1 { await Task.yield() }
        let coordinator = broker.coordinator(of: group)
        #expect(coordinator.state.withLock { $0.handlers.count } == 1)
        #expect(coordinator.state.withLock { $0.ledger.waiting.count } == 1)
        #expect(try broker.group(group).members.count == 1)

        broker.journal.start()
        let session = try await joining.value
        try await broker.deliverEffects()
        guard case .assigned(_, let partitions) = await session.next(deadline: broker.clock.now) else {
            Issue.record("the member owns both partitions")
            return
        }
        #expect(partitions.count == 2)
        await broker.stop()
    }

    @Test func aRefusedCommitLeavesTheFormerOffset() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a", "b"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        failNextSegmentWrite(test)
        let error = await #expect(throws: BrokerError.self) { try await member.commit() }
        guard case .storageRefused = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        try await member.takeAll()
        #expect(member.events.last == "goodbye reloaded true")
        await member.session.close(.disconnected)

        var back: TestMember?
        while back == nil {
            back = try? await TestMember.join(test, "billing", [], resume: member.session.member)
            await Task.yield()
        }
        let resumed = try #require(back)
        try await resumed.takeAll()
        #expect(resumed.values == ["a", "b"])
        #expect(resumed.owned == member.owned)
        #expect(try await resumed.commit().map(\.outcome) == [.committed])
        await test.process.stop()
    }

    /// Whoever is told that its request failed may look at its session at once, on another thread: it has ended by then.
    @Test func sessionsEndBeforeThoseWhoAskedAreTold() {
        let mailbox = MemberMailbox(connection: .next(), maxInFlight: DeliveryLoad(records: 1, bytes: 1))
        let sawGoodbye = Mutex(false)
        let everybody = CoordinatorState.Everybody(
            handlers: [
                { _ in
                    guard case .event(.goodbye) = mailbox.step(allowance: .zero, find: { _ in nil }) else { return }
                    sawGoodbye.withLock { $0 = true }
                }
            ],
            mailboxes: [mailbox]
        )
        everybody.tell(.storageRefused("the write was refused"), .reloaded)
        #expect(sawGoodbye.withLock { $0 })
    }

    @Test func aRefusedDeletionLeavesTheTopicAndItsCommits() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a"], to: topic)
        let member = try await TestMember.join(test, "billing", [topic])
        try await member.takeAll()
        try await member.commit()
        failNextSegmentWrite(test)
        await #expect(throws: BrokerError.self) { try await test.broker.deleteTopic(topic) }
        #expect(try await test.values(in: topic) == ["a"])
        try await test.append(["b"], to: topic)
        let group = try GroupName(validating: "billing")
        let again = try await test.killed()
        #expect(try again.broker.group(group).partitions.map(\.committed) == [Offset(1)])
        #expect(try await again.values(in: topic) == ["a", "b"])

        try await again.broker.deleteTopic(topic)
        let last = try await again.killed()
        #expect(throws: BrokerError.self) { try last.broker.topic(topic) }
        #expect(try last.broker.group(group).partitions.isEmpty)
        await last.process.stop()
    }

    @Test func aDirectoryThatCannotBeWrittenIsAReadableRefusal() async throws {
        let fileSystem = SimulatedFileSystem()
        fileSystem.plan(.failure(.permissionDenied)) { $0.kind == .createDirectory }
        let error = await #expect(throws: BrokerStartError.self) { try await TestBroker.opened(over: fileSystem) }
        #expect(error?.kind == .notUsable)
        #expect(error?.description.contains("/data/broker") == true)
    }
}
