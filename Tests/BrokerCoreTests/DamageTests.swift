import BrokerTestSupport
import NIOCore
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

@testable import BrokerCore

/// Damaged bytes below the checkpoint, as the engine's users see them.
@Suite(.timeLimit(.minutes(1))) struct DamageTests {
    /// A broker whose topic has several sealed segments, all on stable storage.
    private static func filled(
        onCorruption: TopicSettings.OnCorruption = .quarantine,
        configure: @escaping (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws -> (test: TestBroker, topic: TopicName, log: FilePath) {
        func small(_ configuration: inout BrokerConfiguration) {
            configuration.store.segmentBytesMax = ByteCount(600)
            configure(&configuration)
        }
        let test = try await TestBroker.start(configure: small)
        let topic = try TopicName(validating: "orders")
        var settings = TopicSettingsChange(partitions: 1)
        settings.onCorruption = .value(onCorruption)
        _ = try await test.broker.createTopic(topic, settings: settings)
        for number in 0..<12 {
            try await test.append(["value \(number) " + String(repeating: "x", count: 90)], to: topic)
        }
        await test.process.stop()
        let again = try await TestBroker.start(over: test.fileSystem.afterProcessDeath(), configure: small)
        let id = try again.broker.topic(topic).id.hex
        return (again, topic, FilePath("/data/broker/topics/\(id)/0/00000000000000000000.log"))
    }

    @Test func aDamagedReadSaysWhereToGoOn() async throws {
        let (test, topic, log) = try await Self.filled()
        try test.fileSystem.flipBit(of: log, at: FilePosition(70), bit: 1)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let error = await #expect(throws: BrokerError.self) {
            try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        }
        guard case .damaged(_, let from, let to, let text) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(from == .zero && to == Offset(1) && text.contains("byte 0"))
        let behind = try await test.broker.cursor(for: topic, partitions: nil, start: .offset(to))
        let result = try await test.broker.read(behind, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(try result.slices.first?.values().first?.hasPrefix("value 1 ") == true)
        let partition = try #require(try test.broker.topic(topic).partitions.first)
        #expect(partition.quarantine?.contains("damaged at byte 0") == true)
        #expect(partition.quarantinedSince?.millisecondsSinceEpoch == test.clock.nowMilliseconds)
        #expect(test.broker.damage.quarantinedPartitions == 1)
        await #expect(throws: BrokerError.self) { try await test.append(["more"], to: topic) }
        await test.process.stop()
    }

    @Test func aDamagedPartitionDoesNotKeepTheOthersBack() async throws {
        let (test, topic, log) = try await Self.filled()
        _ = try await test.broker.changeTopic(topic, TopicSettingsChange(partitions: 2))
        let whole = TopicPartition(topic, PartitionIndex(1))
        _ = try await test.broker.append([AppendItem(target: whole, batches: [try Self.batch("whole")])])
        try test.fileSystem.flipBit(of: log, at: FilePosition(70), bit: 1)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        #expect(result.slices.map(\.partition) == [whole])
        #expect(result.cursor.positions.map(\.next) == [.zero, Offset(1)])
        guard case .damaged = result.failure else {
            return #expect(Bool(false), "got \(String(describing: result.failure))")
        }
        await #expect(throws: BrokerError.self) {
            try await test.broker.read(result.cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        }
        await test.process.stop()
    }

    private static func batch(_ value: String) throws -> RecordBatch {
        var builder = RecordBatchBuilder()
        builder.append(DecodedRecord(timestamp: .epoch, value: ByteBuffer(string: value)))
        return try builder.finish(codec: .none)
    }

    @Test func aTopicThatSkipsTellsAGap() async throws {
        let (test, topic, log) = try await Self.filled(onCorruption: .skip)
        try test.fileSystem.flipBit(of: log, at: FilePosition(70), bit: 1)
        let cursor = try await test.broker.cursor(for: topic, partitions: nil, start: .earliest)
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
        let gap = try #require(result.gaps.first)
        #expect(gap.from == .zero && gap.to == Offset(1) && gap.reason == .damage)
        #expect(try result.slices.first?.values().first?.hasPrefix("value 1 ") == true)
        #expect(test.broker.damage.quarantinedPartitions == 0)
        try await test.append(["more"], to: topic)
        await test.process.stop()
    }

    @Test func aReadThatFailsForAWhileCostsAMemberNothing() async throws {
        let (test, topic, log) = try await Self.filled()
        test.fileSystem.plan(.failure(.tooManyOpenFiles), times: .max) { call in
            (call.kind == .read || call.kind == .open) && call.path == log
        }
        let member = try await TestMember.join(test, "billing", [topic])
        test.clock.advance(byMilliseconds: 100)
        try await member.takeAll()
        #expect(member.owned.count == 1 && member.values.isEmpty)
        // It is tried again after a second, and then after two.
        test.clock.advance(byMilliseconds: 1000)
        try await member.takeAll()
        test.fileSystem.forgetRules()
        test.clock.advance(byMilliseconds: 1999)
        try await member.takeAll()
        #expect(member.values.isEmpty)
        test.clock.advance(byMilliseconds: 1)
        try await member.takeAll()
        #expect(member.values.count == 12)
        #expect(member.events.allSatisfy { $0.hasPrefix("assigned") || $0.hasPrefix("records") })
        await test.process.stop()
    }

    @Test func theScrubFindsWhatNobodyReads() async throws {
        let (test, topic, log) = try await Self.filled { configuration in
            configuration.scrubIntervalSeconds = 3600
            configuration.scrubBytesPerSecond = ByteCount(1000)
        }
        try test.fileSystem.flipBit(of: log, at: FilePosition(70), bit: 1)
        #expect(test.broker.damage.scrub == ScrubReport())
        let began = test.clock.now
        while test.broker.damage.scrub?.lapsDone == 0 {
            test.clock.advance(byMilliseconds: 500)
            await Task.yield()
        }
        let report = try #require(test.broker.damage.scrub)
        #expect(report.damagedSegments == 1 && report.partitionsDone == report.partitionCount)
        // About a kilobyte of segments at a kilobyte a second, after the first five minutes.
        let elapsed = test.clock.now.milliseconds - began.milliseconds
        #expect(elapsed >= ScrubThread.firstLapMilliseconds + Int64(report.bytes.value) * 9 / 10)
        #expect(try test.broker.topic(topic).partitions.first?.quarantine != nil)
        await test.process.stop()
    }

    @Test func aBrokerStopsInTheMiddleOfALap() async throws {
        let (test, _, _) = try await Self.filled { configuration in
            configuration.scrubIntervalSeconds = 3600
            configuration.scrubBytesPerSecond = ByteCount(1)
        }
        while test.broker.damage.scrub?.bytes == ByteCount(0) {
            test.clock.advance(byMilliseconds: 10_000)
            await Task.yield()
        }
        await test.process.stop()
        #expect(test.broker.damage.scrub?.lapsDone == 0)
    }
}
