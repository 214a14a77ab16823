import BrokerTestSupport
import NIOCore
import RecordFormat
import Testing

@testable import BrokerCore

/// Compacted topics behind the facade: who compacts them, and how readers and groups get on with the holes.
@Suite(.timeLimit(.minutes(2))) struct CompactionServiceTests {
    private func start(over fileSystem: SimulatedFileSystem = SimulatedFileSystem()) async throws -> TestBroker {
        try await TestBroker.start(over: fileSystem) { Self.configure(&$0) }
    }

    private static func configure(_ configuration: inout BrokerConfiguration) {
        configuration.store.segmentBytesMax = ByteCount(3000)
        configuration.compaction.policy.lagMilliseconds = 0
        configuration.compaction.policy.dirtyPercentMin = 0
        configuration.compaction.bytesPerSecondMax = .mebibytes(1024)
    }

    /// Stops in order, which takes a checkpoint, starts again, and compacts what can be.
    private func compacted(_ test: TestBroker) async throws -> TestBroker {
        await test.process.stop()
        let again = try await start(over: test.fileSystem.afterProcessDeath())
        // The thread's own first walk may be under way: then this one waits for it, partition by partition.
        again.broker.journal.compaction.walk()
        return again
    }

    private func createTopic(_ test: TestBroker, _ name: String, _ cleanup: TopicSettings.Cleanup) async throws
        -> TopicName
    {
        let topic = try TopicName(validating: name)
        var settings = TopicSettingsChange()
        settings.cleanup = .value(cleanup)
        _ = try await test.broker.createTopic(topic, settings: settings)
        return topic
    }

    private func append(_ records: [(key: String, value: String)], to topic: TopicName, _ test: TestBroker) async throws
    {
        var builder = RecordBatchBuilder()
        for record in records {
            builder.append(
                DecodedRecord(
                    offset: .zero,
                    timestamp: Timestamp(millisecondsSinceEpoch: 1),
                    key: ByteBuffer(string: record.key),
                    value: ByteBuffer(string: record.value),
                    headers: []
                )
            )
        }
        _ = try await test.broker.append([AppendItem(target: .of(topic, 0), batches: [builder.finish()])])
    }

    @Test func onlyTopicsThatAreToBeCompactedAre() async throws {
        var test = try await start()
        let latest = try await createTopic(test, "latest", .compact)
        let all = try await createTopic(test, "all", .delete)
        for round in 0..<40 {
            let records = (0..<5).map { (key: "k\($0)", value: "\(round).\($0)") }
            for topic in [latest, all] { try await append(records, to: topic, test) }
        }
        test = try await compacted(test)
        #expect(try await test.values(in: all).count == 200)
        let values = try await test.values(in: latest)
        // The five newest, and what the active segment of 3000 bytes holds.
        #expect(values.count < 100)
        #expect(Array(values.suffix(5)) == (0..<5).map { "39.\($0)" })
        let partition = try #require(test.broker.registry.find(latest)?.partitions[0])
        #expect(partition.log.compactedBelow > .zero)
        #expect(partition.logStart == .zero && partition.visible == Offset(200))
        // A reader that begins in the hole is at the end after one read of what is left.
        let cursor = try await test.broker.cursor(for: latest, partitions: nil, start: .offset(Offset(7)))
        let result = try await test.broker.read(cursor, budget: ReadBudget(bytes: .mebibytes(1)))
        #expect(try result.slices.flatMap { try $0.values() }.count <= values.count)
        #expect(result.slices.allSatisfy { $0.start == Offset(7) })
        await test.process.stop()
    }

    @Test(arguments: [1, 7, 1000])
    func aGroupGetsEveryRecordThatIsLeftWhateverTheHoles(maxInFlight: Int) async throws {
        var test = try await start()
        let topic = try await createTopic(test, "latest", .compact)
        for round in 0..<30 {
            try await append((0..<100).map { (key: "same", value: "\(round).\($0)") }, to: topic, test)
            if round % 10 == 3 { try await append([(key: "kept \(round)", value: "kept \(round)")], to: topic, test) }
        }
        test = try await compacted(test)
        let expected = try await test.values(in: topic)
        #expect(expected.count < 300 && expected.first == "kept 3")
        let member = try await TestMember.join(test, "billing", [topic], maxInFlight: maxInFlight)
        var rounds = 0
        while member.values.count < expected.count, rounds < 400 {
            try await member.takeAll()
            try await member.commit()
            rounds += 1
        }
        #expect(member.values == expected)
        await test.process.stop()
    }

    @Test func groupsAreReadFromACompactedLogAsTheyWere() async throws {
        var test = try await start()
        let topic = try await test.createTopic("orders", partitions: 2)
        let member = try await TestMember.join(test, "billing", [topic])
        for round in 0..<60 {
            for partition in Int32(0)..<2 { try await test.append(["\(round)"], to: topic, partition) }
            try await member.takeAll()
            #expect(try await member.commit().map(\.outcome) == [.committed, .committed])
        }
        test = try await compacted(test)
        let groups = try #require(test.broker.registry.find(BrokerOpening.groupsTopic))
        #expect(groups.settings.cleanup == .compact)
        #expect(groups.partitions.contains { $0.log.compactedBelow > .zero })
        let before = try test.broker.group(GroupName(validating: "billing"))
        await test.process.stop()
        test = try await start(over: test.fileSystem.afterProcessDeath())
        let after = try test.broker.group(GroupName(validating: "billing"))
        #expect(after.partitions.map(\.committed) == [Offset(60), Offset(60)])
        #expect(after.partitions.map(\.committed) == before.partitions.map(\.committed))
        #expect(after.members.map(\.id) == [member.session.member])
        let back = try await TestMember.join(test, "billing", [], resume: member.session.member)
        try await test.append(["new"], to: topic, 0)
        try await back.takeAll()
        #expect(back.values == ["new"])
        await test.process.stop()
    }

    @Test func aPaceRestsForWhatWasSpent() {
        var pace = BytePace(bytesPerSecond: 1000)
        #expect(pace.spend(5, atMilliseconds: 100) == nil)
        #expect(pace.spend(5, atMilliseconds: 100) == 110)
        #expect(pace.spend(1000, atMilliseconds: 110) == 1110)
        // A rest that was cut short is owed.
        #expect(pace.spend(100, atMilliseconds: 200) == 1210)
        // A long pause earns no burst.
        #expect(pace.spend(100, atMilliseconds: 9000) == 9100)
    }

    @Test func aPartOfAReadCountsRecordsAndNotOffsets() throws {
        var builder = RecordBatchBuilder()
        for number in 0..<100 {
            Array("\(number)".utf8).withUnsafeBytes {
                builder.append(timestamp: Timestamp(millisecondsSinceEpoch: 1), key: $0, value: $0)
            }
        }
        let dense = builder.finish()
        let kept: Set<Int64> = [10, 50, 51, 99]
        let sparse = try #require(try dense.filtered { record, _ in kept.contains(record.offset.value) })
        func parts(_ batch: RecordBatch, from start: Int64, to next: Int64 = 100, _ max: Int64) -> [Int64] {
            let outcome = PartitionReader.Outcome(batches: [batch], start: Offset(start), next: Offset(next))
            let (first, load, rest) = outcome.split(atMost: DeliveryLoad(records: max, bytes: .max))
            return [first.next.value, load.records, rest?.start.value ?? -1, rest?.next.value ?? -1]
        }
        #expect(parts(dense, from: 0, 100) == [100, 100, -1, -1])
        #expect(parts(dense, from: 20, 30) == [50, 30, 50, 100])
        #expect(parts(dense, from: 20, to: 25, 5) == [25, 5, -1, -1])
        #expect(parts(sparse, from: 0, 4) == [100, 4, -1, -1])
        #expect(parts(sparse, from: 0, 1) == [50, 1, 50, 100])
        #expect(parts(sparse, from: 11, 1) == [51, 1, 51, 100])
        #expect(parts(sparse, from: 52, 1) == [100, 1, -1, -1])
        #expect(parts(sparse, from: 0, to: 60, 2) == [51, 2, 51, 60])
        #expect(parts(sparse, from: 0, to: 51, 2) == [51, 2, -1, -1])
    }
}
