import BrokerTestSupport
import RecordFormat
import SegmentStore
import Testing

@testable import BrokerCore

/// A broker over a simulated file system and a manual clock, and what tests do with it all the time.
struct TestBroker {
    let fileSystem: SimulatedFileSystem
    let clock: ManualClock
    let process: InProcessBroker

    var broker: Broker { process.broker }

    /// Starts a broker; over the file system of an earlier one to restart it.
    static func start(
        over fileSystem: SimulatedFileSystem = SimulatedFileSystem(),
        clock: ManualClock = ManualClock(),
        configure: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws -> TestBroker {
        let process = try await InProcessBroker.start(
            directory: "/data/broker",
            fileSystem: fileSystem,
            clock: clock,
            configure: configure
        )
        return TestBroker(fileSystem: fileSystem, clock: clock, process: process)
    }

    /// Opens a broker whose threads do not run yet: what is queued stays queued.
    static func opened(
        over fileSystem: SimulatedFileSystem = SimulatedFileSystem(),
        clock: ManualClock = ManualClock(),
        configure: (inout BrokerConfiguration) -> Void = { _ in }
    ) async throws -> Broker {
        var configuration = BrokerConfiguration(directory: "/data/broker")
        configuration.useSmallFiles()
        configure(&configuration)
        return try await Broker.open(
            configuration,
            fileSystem: fileSystem,
            clock: clock,
            wallClock: clock,
            onFatal: { _ in }
        )
    }

    /// Stops cleanly and starts again.
    func restarted() async throws -> TestBroker {
        await process.stop()
        return try await TestBroker.start(over: fileSystem.afterProcessDeath(), clock: clock)
    }

    /// Kills the process, with its caches or without, and starts again.
    func killed() async throws -> TestBroker {
        let survivors = fileSystem.afterProcessDeath()
        return try await TestBroker.start(over: survivors, clock: clock)
    }

    @discardableResult
    func createTopic(_ name: String, partitions: Int32 = 1) async throws -> TopicName {
        let topic = try TopicName(validating: name)
        _ = try await broker.createTopic(topic, settings: TopicSettingsChange(partitions: partitions))
        return topic
    }

    /// Appends records with these values to one partition.
    @discardableResult
    func append(_ values: [String], to topic: TopicName, _ partition: Int32 = 0) async throws -> AppendReceipt {
        let item = AppendItem(target: TopicPartition(topic, PartitionIndex(partition)), batches: [.of(values)])
        return try #require(try await broker.append([item]).first)
    }

    /// Appends records with these timestamps and values to a topic's first partition, in one batch.
    func append(_ records: [(time: Int64, value: String)], to topic: TopicName) async throws {
        var builder = RecordBatchBuilder()
        for record in records {
            Array(record.value.utf8).withUnsafeBytes {
                builder.append(timestamp: Timestamp(millisecondsSinceEpoch: record.time), key: nil, value: $0)
            }
        }
        _ = try await broker.append([AppendItem(target: .of(topic, 0), batches: [builder.finish()])])
    }

    /// All values of a partition.
    func values(in topic: TopicName, _ partition: Int32 = 0) async throws -> [String] {
        var cursor = try await broker.cursor(for: topic, partitions: [PartitionIndex(partition)], start: .earliest)
        var values: [String] = []
        while true {
            let result = try await broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
            for slice in result.slices { values += try slice.values() }
            cursor = result.cursor
            if result.caughtUp { return values }
        }
    }

    /// Lets the clock go on until the broker has found room on the volume.
    func waitForRoom() async {
        while broker.storage == .full {
            clock.advance(byMilliseconds: 100)
            await Task.yield()
        }
    }

    /// A flush of the journal so far: one for each round.
    var journalFlushCount: Int { fileSystem.calls.count { $0.site == .journalFrame } }
}

extension RecordBatch {
    /// A batch of values without keys.
    static func of(_ values: [String]) -> RecordBatch {
        var builder = RecordBatchBuilder()
        for value in values {
            Array(value.utf8).withUnsafeBytes {
                builder.append(timestamp: Timestamp(millisecondsSinceEpoch: 1), key: nil, value: $0)
            }
        }
        return builder.finish()
    }
}

extension ReadResult.Slice {
    /// The values of the records of the slice.
    func values() throws -> [String] {
        var values: [String] = []
        try forEachRecord { record, bytes in
            values.append(record.value.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "")
        }
        return values
    }
}

extension TopicPartition {
    static func of(_ topic: TopicName, _ partition: Int32) -> TopicPartition {
        TopicPartition(topic, PartitionIndex(partition))
    }
}

extension Broker {
    /// Makes a topic in a broker that was opened and not started.
    func makeTopic(_ name: TopicName, partitions: Int32) throws -> Topic {
        let stored = StoredTopic(id: .random(), name: name, partitionCount: partitions)
        try store.createTopic(stored)
        return try Topic(stored, in: store, failure: failure, defaults: settingsByDefault)
    }
}
