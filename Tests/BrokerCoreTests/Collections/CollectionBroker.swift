import BrokerTestSupport
import NIOCore
import RecordFormat
import Testing

@testable import BrokerCore

/// A broker with one collection, and a plain memory of what it must hold.
struct CollectionBroker {
    /// What was put and not deleted.
    struct Model {
        var items: [String: String] = [:]
    }

    let test: TestBroker
    let topic: TopicName
    var model = Model()

    var broker: Broker { test.broker }

    static func start(
        over fileSystem: SimulatedFileSystem = SimulatedFileSystem(),
        partitions: Int32 = 1,
        saveBytes: Int? = nil,
        keepsTombstones: Bool = true
    ) async throws -> CollectionBroker {
        let test = try await TestBroker.start(over: fileSystem) { configuration in
            if !keepsTombstones { configuration.compaction.policy.tombstoneMilliseconds = 0 }
            if let saveBytes {
                configuration.keyIndexSaveBytesMin = ByteCount(saveBytes)
                configuration.readThreads = 1
            }
            configuration.store.segmentBytesMax = ByteCount(3000)
            configuration.compaction.policy.lagMilliseconds = 0
            configuration.compaction.policy.dirtyPercentMin = 0
            configuration.compaction.bytesPerSecondMax = .mebibytes(1024)
        }
        let topic = try TopicName(validating: "items")
        var settings = TopicSettingsChange(partitions: partitions)
        settings.cleanup = .value(.compact)
        _ = try await test.broker.createTopic(topic, settings: settings)
        return CollectionBroker(test: test, topic: topic)
    }

    /// Stops in order, which takes a checkpoint, starts again, and compacts what can be.
    func compacted() async throws -> CollectionBroker {
        await test.process.stop()
        var again = try await CollectionBroker.start(over: test.fileSystem.afterProcessDeath())
        again.model = model
        again.broker.journal.compaction.walk()
        return again
    }

    func put(_ key: String, _ value: String, at milliseconds: Int64 = 1) async throws {
        try await append(key, value, milliseconds)
    }

    func delete(_ key: String) async throws {
        try await append(key, nil, 1)
    }

    /// Puts or deletes one of a few keys.
    mutating func changeAnything(_ random: inout SplitMix64) async throws {
        let key = "k\(Int.random(in: 0..<8, using: &random))"
        let value = Int.random(in: 0..<4, using: &random) == 0 ? nil : "\(Int.random(in: 0..<1000, using: &random))"
        model.items[key] = value
        try await append(key, value, 1)
    }

    func item(_ key: String) async throws -> CollectionItem? {
        try await broker.item(Array(key.utf8), of: topic)
    }

    /// Adds one to an item's number.
    func increment(_ key: String, at milliseconds: Int64 = 1) async throws {
        _ = try await broker.updateItem(Array(key.utf8), of: topic) { before in
            let number = before.flatMap { Int($0.value) } ?? 0
            let record = DecodedRecord(
                timestamp: Timestamp(millisecondsSinceEpoch: milliseconds),
                key: ByteBuffer(string: key),
                value: ByteBuffer(string: "\(number + 1)")
            )
            return .append(record, isJSON: true)
        }
    }

    /// All changes from an offset on, each as a line.
    func changes(from start: Int64 = 0, previous: PreviousWanted) async throws -> [String] {
        var cursor = try await broker.cursor(for: topic, partitions: nil, start: .earliest)
        cursor.positions[0].next = Offset(start)
        var lines: [String] = []
        while true {
            let found = try await broker.changes(cursor, budget: ReadBudget(bytes: ByteCount(500)), previous: previous)
            lines += found.changes.map(\.line)
            cursor = found.cursor
            if found.caughtUp { return lines }
        }
    }

    private func append(_ key: String, _ value: String?, _ milliseconds: Int64) async throws {
        var builder = RecordBatchBuilder()
        builder.append(
            DecodedRecord(
                timestamp: Timestamp(millisecondsSinceEpoch: milliseconds),
                key: ByteBuffer(string: key),
                value: value.map { ByteBuffer(string: $0) }
            )
        )
        let count = Int32(try broker.registry.topic(topic).partitions.count)
        let partition = Array(key.utf8).withUnsafeBytes { Murmur2.partition(key: $0, count: count) }
        let item = AppendItem(target: TopicPartition(topic, partition), batches: [builder.finish()])
        _ = try await broker.append([item])
    }
}

extension CollectionItem {
    var key: String { record.key.map { String(buffer: $0) } ?? "" }
    var value: String { record.value.map { String(buffer: $0) } ?? "" }
    var text: String { "\(key)=\(value)" }
}

extension CollectionChange {
    /// `+ a=1`, `a=1 > a=2`, `a=2 -`; a version that was not brought along is its offset.
    fileprivate var line: String {
        let before: String
        switch previous {
        case .nothing: return item.record.value == nil ? "-" : "+ \(item.text)"
        case .at(let offset): before = "@\(offset)"
        case .item(let item): before = item.text
        }
        return item.record.value == nil ? "\(before) -" : "\(before) > \(item.text)"
    }
}

extension Broker {
    /// A page that is bounded by its number of items alone.
    func page(of topic: TopicName, from place: CollectionPlace?, limit: Int) async throws -> CollectionPage {
        try await listItems(of: topic, from: place, limit: limit, bytesMax: .mebibytes(8))
    }
}
