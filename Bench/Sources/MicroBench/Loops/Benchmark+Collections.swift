import BrokerCore
import RecordFormat
import SegmentStore

extension Benchmark {
    /// Collections, through the broker: what else is in the way is a hop to a thread that may read, one a page or an item.
    static let collections = [
        Benchmark(
            name: "collection-list",
            about: "list 1,000 items in one page",
            operation: "item",
            passesCounted: 5
        ) { workspace in
            let broker = try await collection(in: try workspace.directory())
            return HotLoop(operations: 1000, end: broker.stop) {
                let page = try await broker.listItems(
                    of: MeasuredEngine.name,
                    from: nil,
                    limit: 1000,
                    bytesMax: .mebibytes(8)
                )
                try WrongOutcome.check(page.items.count, is: 1000, "items of the page")
            }
        },
        Benchmark(
            name: "collection-item",
            about: "look one item up by its key",
            operation: "item",
            passesCounted: 5
        ) { workspace in
            let broker = try await collection(in: try workspace.directory())
            let keys = (0..<1000).map(itemKey)
            return HotLoop(operations: keys.count, end: broker.stop) {
                for key in keys {
                    let item = try await broker.item(key, of: MeasuredEngine.name)
                    try WrongOutcome.check(item != nil, is: true, "whether the item was found")
                }
            }
        },
    ]

    private static func itemKey(_ index: Int) -> [UInt8] { Array("order-\(index)".utf8) }

    /// A broker with a collection of a thousand items.
    private static func collection(in directory: String) async throws -> Broker {
        var configuration = BrokerConfiguration(directory: directory)
        configuration.store.ringBytes = .mebibytes(16)
        configuration.store.frameBytesMax = .mebibytes(2)
        configuration.scrubIntervalSeconds = 0
        let clock = StoppedClock()
        let broker = try await Broker.open(configuration, clock: clock, wallClock: clock) { reason in
            preconditionFailure("the disk failed: \(reason)")
        }
        broker.start()
        var settings = TopicSettingsChange(partitions: 1)
        settings.cleanup = .value(.compact)
        _ = try await broker.createTopic(MeasuredEngine.name, settings: settings)
        var builder = RecordBatchBuilder(isJSON: true)
        for (index, value) in SampleRecords(count: 1000).values.enumerated() {
            itemKey(index).withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    builder.append(timestamp: SampleRecords.start, key: key, value: value)
                }
            }
        }
        let target = TopicPartition(MeasuredEngine.name, .zero)
        _ = try await broker.append([AppendItem(target: target, batches: [builder.finish()])])
        return broker
    }
}
