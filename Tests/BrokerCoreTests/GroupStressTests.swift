import BrokerTestSupport
import RecordFormat
import Synchronization
import Testing

@testable import BrokerCore

/// Everything at once on real threads and a real clock: whatever blocks, loses or doubles shows here.
@Suite(.timeLimit(.minutes(1))) struct GroupStressTests {
    @Test func workersShareWhatProducersAppendExactlyOnce() async throws {
        let clock = SystemMonotonicClock()
        let process = try await InProcessBroker.start(
            directory: "/data/broker",
            fileSystem: SimulatedFileSystem(),
            clock: clock,
            wallClock: SystemWallClock()
        ) { $0.groups.joinDebounceMilliseconds = 5 }
        let broker = process.broker
        let topic = try TopicName(validating: "orders")
        _ = try await broker.createTopic(topic, settings: TopicSettingsChange(partitions: 6))
        let total = 6 * 40 * 5
        let seen = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for producer in 0..<6 {
                group.addTask {
                    for round in 0..<40 {
                        let values = (0..<5).map { "\(producer)/\(round)/\($0)" }
                        let target = TopicPartition.of(topic, Int32((producer + round) % 6))
                        _ = try await broker.append([AppendItem(target: target, batches: [.of(values)])])
                    }
                }
            }
            for _ in 0..<3 {
                group.addTask { try await Self.work(broker, topic, seen, total) }
            }
            try await group.waitForAll()
        }
        #expect(seen.counts.count == total)
        #expect(seen.counts.values.allSatisfy { $0 == 1 })
        let report = try broker.group(GroupName(validating: "billing"))
        #expect(report.partitions.map(\.lag) == Array(repeating: 0, count: 6))
        await process.stop()
        #expect(process.failure == nil)
    }

    /// One worker: commits what it was given before it asks for more, and releases what is revoked by committing it.
    private static func work(
        _ broker: Broker,
        _ topic: TopicName,
        _ seen: Tally,
        _ total: Int
    ) async throws {
        let group = try GroupName(validating: "billing")
        let session = try await broker.joinGroup(
            GroupJoinRequest(group: group, topics: [topic], maxInFlight: 64, principal: .anonymous)
        )
        while seen.total < total {
            let event = await session.next(deadline: broker.clock.now.advanced(byMilliseconds: 20))
            guard case .records(let slice, let epoch) = event else { continue }
            seen.add(try slice.values())
            let item = CommitOffsetsRequest.Item(partition: slice.partition, offset: slice.next, epoch: epoch)
            let results = try await broker.commit(
                CommitOffsetsRequest(group: group, member: session.member, principal: .anonymous, items: [item])
            )
            #expect(results.map(\.outcome) == [.committed])
        }
        await session.close(.disconnected)
    }
}

/// How often each value was seen, by all workers together.
private final class Tally: Sendable {
    private let state = Mutex<[String: Int]>([:])

    var counts: [String: Int] { state.withLock { $0 } }
    var total: Int { state.withLock { $0.values.reduce(0, +) } }

    func add(_ values: [String]) {
        state.withLock { state in
            for value in values { state[value, default: 0] += 1 }
        }
    }
}
