import BrokerTestSupport
import NIOCore
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// A store on a simulated volume, with one topic of two partitions.
struct TestStore {
    let fileSystem: SimulatedFileSystem
    let store: LogStore
    static let topic = TopicID(high: 7, low: 9)
    static let key = PartitionKey(topic: topic, partition: PartitionIndex(0))
    static let other = PartitionKey(topic: topic, partition: PartitionIndex(1))

    init(
        _ fileSystem: SimulatedFileSystem = SimulatedFileSystem(),
        seed: UInt64 = 5,
        observer: StoreObserver = StoreObserver()
    ) throws {
        self.fileSystem = fileSystem
        store = try StoreWorkload.open(fileSystem, seed: seed, observer: observer)
        if store.topics().isEmpty {
            let name = TopicName(internal: "orders")
            try store.createTopic(StoredTopic(id: Self.topic, name: name, partitionCount: 2))
        }
    }

    init(fileSystem: SimulatedFileSystem, store: LogStore) {
        self.fileSystem = fileSystem
        self.store = store
    }

    /// The store after a kill of the process.
    func killed() throws -> TestStore {
        try TestStore(fileSystem.afterProcessDeath())
    }

    func append(_ values: String..., to key: PartitionKey = key, expected: Offset? = nil) throws -> CommitOutcome {
        let append = PartitionAppend(
            key: key,
            batches: [StoreWorkload.batch(values)],
            expectedOffset: expected
        )
        if store.checkpointUrgency == .mustWait { try checkpoint() }
        return try #require(try store.commit([CommitRequest(appends: [append])]).first)
    }

    func checkpoint() throws {
        let checkpoint = try #require(store.captureCheckpoint())
        try store.complete(checkpoint)
    }

    func log(_ key: PartitionKey = key) throws -> PartitionLog {
        try #require(store.partition(key))
    }

    /// All values from an offset on.
    func values(from start: Int64 = 0, _ key: PartitionKey = key, bytesMax: Int = 1 << 20) throws -> [String] {
        let log = try log(key)
        var values: [String] = []
        var next = Offset(start)
        while next < log.watermarks.visible.offset {
            let slice = try log.read(from: next, bytesMax: ByteCount(bytesMax))
            for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                values.append(String(buffer: record.value ?? ByteBuffer()))
            }
            next = slice.next
        }
        return values
    }

    func path(_ name: String) -> FilePath { StoreWorkload.directory.appending(name) }

    func segment(_ base: Int64 = 0) -> FilePath {
        let digits = String(base)
        let name = String(repeating: "0", count: 20 - digits.count) + digits + ".log"
        return path("topics").appending(Self.topic.hex).appending("0").appending(name)
    }
}
