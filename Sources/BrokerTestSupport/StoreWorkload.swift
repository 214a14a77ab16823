import NIOCore
import RecordFormat
import SegmentStore
import SystemPackage

/// A small life of a store, the same for every seed: topics come and go, rounds touch several partitions, segments roll,
/// the ring wraps, checkpoints come in between, and the store closes at the end.
///
/// It stops at the first error, and its history tells what had been acknowledged by then and what was under way.
public struct StoreWorkload: Sendable {
    /// Where the store lives on the simulated volume.
    public static let directory: FilePath = "/data/store"

    /// A store as small as it may be: a ring of sixteen blocks, segments of two or three batches.
    public static var configuration: StoreConfiguration {
        var configuration = StoreConfiguration(directory: directory)
        configuration.ringBytes = .kibibytes(64)
        configuration.frameBytesMax = .kibibytes(16)
        configuration.segmentBytesMax = ByteCount(700)
        configuration.coordinatorShards = 1
        return configuration
    }

    /// Decides what happens.
    public let seed: UInt64
    /// How many steps are taken.
    public let stepCount: Int

    /// Creates a workload.
    public init(seed: UInt64, stepCount: Int) {
        self.seed = seed
        self.stepCount = stepCount
    }

    /// Opens a store on a simulated volume, with ids that the seed decides.
    public static func open(
        _ fileSystem: SimulatedFileSystem,
        seed: UInt64,
        observer: StoreObserver = StoreObserver(),
        report: (String) -> Void = { _ in }
    ) throws(StorageError) -> LogStore {
        var configuration = configuration
        configuration.observer = observer
        return try LogStore.open(
            configuration,
            fileSystem: fileSystem,
            wallTime: { Timestamp(millisecondsSinceEpoch: 1_700_000_000_000) },
            randomBytes: { count in
                var random = SplitMix64(seed: seed ^ UInt64(count))
                return random.bytes(count)
            },
            report: report
        )
    }

    /// What the client knew when so many calls had been made.
    public struct Snapshot: Sendable {
        /// How many calls the file system had answered.
        public let callCount: Int
        /// What was acknowledged by then, and what was under way.
        public let history: StoreHistory
    }

    /// Runs on top of what a history already tells.
    public func run(
        on fileSystem: SimulatedFileSystem,
        after earlier: StoreHistory = StoreHistory()
    ) -> StoreHistory {
        trace(on: fileSystem, after: earlier).last?.history ?? earlier
    }

    /// Runs, and tells what the client knew at every step; the last snapshot tells how it ended.
    public func trace(
        on fileSystem: SimulatedFileSystem,
        after earlier: StoreHistory = StoreHistory()
    ) -> [Snapshot] {
        var history = earlier
        history.adoptOutcomes()
        var random = SplitMix64(seed: seed)
        var snapshots: [Snapshot] = []
        func note(_ history: StoreHistory) {
            snapshots.append(Snapshot(callCount: fileSystem.callCount, history: history))
        }
        note(history)
        do throws(StorageError) {
            let store = try Self.open(fileSystem, seed: seed)
            for step in 0..<stepCount {
                try take(step, store, &history, &random, note)
                note(history)
            }
            if random.chance(percent: 50) { try store.close() }
        } catch {
            history.failure = error
        }
        note(history)
        return snapshots
    }

    private func take(
        _ step: Int,
        _ store: LogStore,
        _ history: inout StoreHistory,
        _ random: inout SplitMix64,
        _ note: (StoreHistory) -> Void
    ) throws(StorageError) {
        if history.topics.isEmpty || random.chance(percent: 8) {
            try createTopic(store, &history, &random, note)
            return
        }
        switch random.below(100) {
        case ..<65:
            try commit(step, store, &history, &random, note)
        case ..<75:
            if store.needsProofFrame { try store.writeProofFrame() }
        case ..<95:
            try checkpoint(store)
        default:
            try deleteTopic(store, &history, &random, note)
        }
        if store.checkpointUrgency == .mustWait { try checkpoint(store) }
    }

    private func createTopic(
        _ store: LogStore,
        _ history: inout StoreHistory,
        _ random: inout SplitMix64,
        _ note: (StoreHistory) -> Void
    ) throws(StorageError) {
        let id = TopicID(high: random.next(), low: random.next())
        let topic = StoredTopic(id: id, name: TopicName(internal: "t\(id.tag)"), partitionCount: 2)
        history.creating = topic
        note(history)
        try store.createTopic(topic)
        history.creating = nil
        history.topics[id] = topic
    }

    private func deleteTopic(
        _ store: LogStore,
        _ history: inout StoreHistory,
        _ random: inout SplitMix64,
        _ note: (StoreHistory) -> Void
    ) throws(StorageError) {
        guard history.topics.count > 1, let id = history.someTopic(&random) else { return }
        history.deleting = id
        note(history)
        _ = try store.commit([CommitRequest(appends: [], deletedTopic: id)])
        history.deleting = nil
        history.forget(id)
    }

    private func checkpoint(_ store: LogStore) throws(StorageError) {
        guard let checkpoint = store.captureCheckpoint() else { return }
        try store.complete(checkpoint)
    }

    /// One round of one to three requests, each of one or two batches in partitions of any topic.
    private func commit(
        _ step: Int,
        _ store: LogStore,
        _ history: inout StoreHistory,
        _ random: inout SplitMix64,
        _ note: (StoreHistory) -> Void
    ) throws(StorageError) {
        var round: [[StoreHistory.Append]] = []
        for request in 0..<(1 + random.below(3)) {
            var appends: [StoreHistory.Append] = []
            for part in 0..<(1 + random.below(2)) {
                guard let id = history.someTopic(&random) else { continue }
                let key = PartitionKey(topic: id, partition: PartitionIndex(Int32(random.below(2))))
                let values = (0..<(1 + random.below(3))).map { index in
                    "\(seed % 1000).\(step).\(request).\(part).\(index)"
                        + String(repeating: "x", count: random.below(90))
                }
                appends.append(StoreHistory.Append(key: key, values: values))
            }
            round.append(appends)
        }
        history.committing = round
        note(history)
        let requests = round.map { appends in
            CommitRequest(appends: appends.map { PartitionAppend(key: $0.key, batches: [Self.batch($0.values)]) })
        }
        let outcomes = try store.commit(requests)
        history.committing = []
        for (appends, outcome) in zip(round, outcomes) {
            guard case .committed = outcome else { continue }
            history.acknowledge(appends)
        }
    }

    /// A batch of records with these values and no keys.
    public static func batch(_ values: [String]) -> RecordBatch {
        var builder = RecordBatchBuilder()
        for value in values {
            builder.append(
                DecodedRecord(
                    offset: .zero,
                    timestamp: Timestamp(millisecondsSinceEpoch: 1_700_000_000_000),
                    key: nil,
                    value: ByteBuffer(string: value),
                    headers: []
                )
            )
        }
        return builder.finish()
    }
}
