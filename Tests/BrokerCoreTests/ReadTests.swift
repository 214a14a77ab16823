import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct ReadTests {
    private let oneByte = ReadBudget(bytes: ByteCount(1))

    @Test func partitionsTakeTurns() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 3)
        for round in 0..<2 {
            for partition in Int32(0)..<3 { try await test.append(["\(partition).\(round)"], to: topic, partition) }
        }
        var cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        var seen: [String] = []
        for step in 0..<3 {
            let result = try await test.broker.read(cursor, budget: oneByte)
            #expect(result.slices.count == 1)
            #expect(result.slices.first?.position == step)
            seen += try result.slices.flatMap { try $0.values() }
            cursor = result.cursor
        }
        // One read of a byte gives one batch of one partition.
        #expect(seen == ["0.0", "1.0", "2.0"])
        let rest = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(rest.slices.map(\.partition.partition.value) == [0, 1, 2])
        #expect(rest.caughtUp)
        #expect(rest.lag == 0)
        await test.process.stop()
    }

    @Test func startsAreResolvedPerPartition() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["a", "b", "c"], to: topic, 0)
        try await test.append(["d"], to: topic, 1)
        func next(_ start: StartPosition) async throws -> [Int64] {
            try await test.broker.cursor(for: topic, partitions: nil, start: start).positions.map(\.next.value)
        }
        #expect(try await next(.earliest) == [0, 0])
        #expect(try await next(.latest) == [3, 1])
        #expect(try await next(.beforeEnd(2)) == [1, 0])
        #expect(try await next(.offset(Offset(1))) == [1, 1])
        let error = await #expect(throws: BrokerError.self) { try await next(.offset(Offset(2))) }
        guard case .offsetOutOfRange(.of(topic, 1), Offset(2), Offset(0), Offset(1)) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func aTimeIsTheFirstRecordThatIsNotEarlier() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        for (time, partition) in [(100, 0), (300, 0), (200, 0), (150, 1)] as [(Int64, Int32)] {
            var builder = RecordBatchBuilder()
            builder.append(timestamp: Timestamp(millisecondsSinceEpoch: time), key: nil, value: nil)
            _ = try await test.broker.append([AppendItem(target: .of(topic, partition), batches: [builder.finish()])])
        }
        func next(_ time: Int64) async throws -> [Int64] {
            let start = StartPosition.time(Timestamp(millisecondsSinceEpoch: time))
            return try await test.broker.cursor(for: topic, partitions: nil, start: start).positions.map(\.next.value)
        }
        #expect(try await next(0) == [0, 0])
        #expect(try await next(150) == [1, 0])
        #expect(try await next(151) == [1, 1])
        #expect(try await next(301) == [3, 1])
        let start = StartPosition.time(Timestamp(millisecondsSinceEpoch: 250))
        let member = try await TestMember.join(test, "billing", [topic], start: start)
        while member.owned.count < 2 { try await test.settle([member]) }
        #expect(member.next[.of(topic, 0)] == Offset(3))
        #expect(member.values.count == 2)
        await test.process.stop()
    }

    @Test func aReadFromTheMiddleOfABatchSaysWhereItStarts() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        try await test.append(["a", "b", "c"], to: topic)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .offset(Offset(1)))
        let result = try await test.broker.read(cursor, budget: oneByte)
        #expect(result.slices.first?.start == Offset(1))
        #expect(try result.slices.first?.values() == ["b", "c"])
        await test.process.stop()
    }

    /// Whoever keeps up reads where he is, also when every thread for reads is busy.
    @Test func aReadAtTheTailNeedsNoThread() async throws {
        let test = try await TestBroker.start { $0.readThreads = 2 }
        let topic = try await test.createTopic("orders", partitions: 2)
        try await test.append(["a", "b"], to: topic, 0)
        try await test.append(["c"], to: topic, 1)
        let parkers = [ThreadParker(), ThreadParker()]
        for parker in parkers { test.broker.readPool.submit { parker.park() } }
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(try result.slices.flatMap { try $0.values() } == ["a", "b", "c"])
        #expect(result.slices.map(\.tailOf) == cursor.positions.map(\.topicID))
        #expect(result.caughtUp)
        // Both ways find the same, one batch at a time as well.
        let one = try await test.broker.read(result.cursor.moved(back: 1), budget: oneByte)
        #expect(try one.slices.flatMap { try $0.values() } == ["b"])
        #expect(one.cursor.turn == 1)
        for parker in parkers { parker.unpark() }
        let restarted = try await test.restarted()
        let again = try await restarted.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let cold = try await restarted.broker.read(again, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(cold.slices.map(\.tailOf) == [nil, nil])
        #expect(try cold.slices.flatMap { try $0.values() } == ["a", "b", "c"])
        #expect(cold.cursor == result.cursor)
        await restarted.process.stop()
    }

    @Test func aDeletedPrefixIsNotReadFromMemory() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        for value in ["a", "b", "c"] { try await test.append([value], to: topic) }
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        _ = try await test.broker.deleteRecords(of: .of(topic, 0), before: Offset(2))
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(result.gaps.map(\.to) == [Offset(2)])
        #expect(try result.slices.flatMap { try $0.values() } == ["c"])
        await test.process.stop()
    }

    @Test func tooManyPartitionsAreRefused() async throws {
        let test = try await TestBroker.start { $0.limits.partitionsPerReadMax = 2 }
        let topic = try await test.createTopic("orders", partitions: 3)
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        }
        guard case .tooManyPartitions(count: 3, max: 2) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        await test.process.stop()
    }

    @Test func aWaitEndsWithTheNextRecord() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .latest)
        async let reason = test.broker.wait(past: cursor, deadline: nil)
        let tail = try #require(test.broker.registry.find(topic)?.partitions.last?.tail)
        while tail.waiterCount == 0 { await Task.yield() }
        try await test.append(["a"], to: topic, 1)
        #expect(await reason == .moved)
        #expect(tail.waiterCount == 0)
        #expect(await test.broker.wait(past: cursor, deadline: nil) == .moved)
        await test.process.stop()
    }

    @Test func aWaitEndsAtItsDeadline() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .latest)
        let tail = try #require(test.broker.registry.find(topic)?.partitions.first?.tail)
        let deadline = test.clock.now.advanced(byMilliseconds: 5000)
        async let reason = test.broker.wait(past: cursor, deadline: deadline)
        while tail.waiterCount == 0 { await Task.yield() }
        test.clock.advance(byMilliseconds: 4999)
        #expect(tail.waiterCount == 1)
        // The timer may be set after the registration: the clock goes on until it has run.
        while tail.waiterCount == 1 {
            test.clock.advance(byMilliseconds: 1)
            await Task.yield()
        }
        #expect(await reason == .timedOut)
        #expect(await test.broker.wait(past: cursor, deadline: test.clock.now) == .timedOut)
        await test.process.stop()
    }

    @Test func aDrainAndACancellationEndWaits() async throws {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .latest)
        let tail = try #require(test.broker.registry.find(topic)?.partitions.first?.tail)
        let cancelled = Task { await test.broker.wait(past: cursor, deadline: nil) }
        let drained = Task { await test.broker.wait(past: cursor, deadline: nil) }
        while tail.waiterCount < 2 { await Task.yield() }
        cancelled.cancel()
        #expect(await cancelled.value == .cancelled)
        test.broker.drain()
        #expect(await drained.value == .draining)
        #expect(test.broker.phase == .draining)
        #expect(await test.broker.wait(past: cursor, deadline: nil) == .draining)
        #expect(await test.broker.wait(past: Cursor(positions: []), deadline: nil) == .draining)
        // Appends go on until the stop.
        try await test.append(["a"], to: topic)
        await test.process.stop()
        let late = AppendItem(target: .of(topic, 0), batches: [.of(["b"])])
        let error = await #expect(throws: BrokerError.self) { try await test.broker.append([late]) }
        guard case .draining = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }
}

extension Cursor {
    /// The same with the first partition so many records back, and everybody's turn to come.
    fileprivate func moved(back count: Int) -> Cursor {
        var cursor = self
        cursor.turn = 0
        cursor.positions[0].next = cursor.positions[0].next.advanced(by: -count)
        return cursor
    }
}
