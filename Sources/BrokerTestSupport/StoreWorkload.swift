import NIOCore
public import RecordFormat
public import SegmentStore
public import SystemPackage

/// A small life of a store, the same for every seed: topics come and go, rounds touch several partitions, segments roll,
/// the ring wraps, checkpoints come in between, old records are let go, and the store closes at the end.
///
/// It goes on past what is refused, and stops when the store does; its history tells what had been acknowledged by then and
/// what was under way.
public struct StoreWorkload: Hashable, Sendable {
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
        tailBytesMax: ByteCount = .mebibytes(64),
        clock: StoreClock = StoreClock(),
        report: (String) -> Void = { _ in }
    ) throws(StorageError) -> LogStore {
        var configuration = configuration
        // A few rounds of a life, so that segments also roll by age.
        configuration.segmentAgeMaxMilliseconds = 100_000
        configuration.observer = observer
        configuration.tailBytesMax = tailBytesMax
        return try LogStore.open(
            configuration,
            fileSystem: fileSystem,
            wallTime: { clock.now },
            randomBytes: { count in
                var random = SplitMix64(seed: seed ^ UInt64(count))
                return random.bytes(count)
            },
            report: report
        )
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
        after earlier: StoreHistory = StoreHistory(),
        ready: (StoreClient) -> Void = { _ in }
    ) -> [StoreClient.Snapshot] {
        var history = earlier
        history.adoptOutcomes()
        let start = StoreClient.Snapshot(callCount: fileSystem.callCount, history: history)
        let clock = StoreClock(history.now)
        let store: LogStore
        do throws(StorageError) {
            store = try Self.open(fileSystem, seed: seed, clock: clock)
        } catch {
            history.failure = "\(error)"
            return [start, StoreClient.Snapshot(callCount: fileSystem.callCount, history: history)]
        }
        (history.lastRun, history.isClosing) = (store.run, false)
        let client = StoreClient(store, fileSystem, seed: seed, clock: clock, after: history)
        fileSystem.observeCalls { client.observe($0) }
        defer { fileSystem.observeCalls(nil) }
        ready(client)
        perform(client)
        client.note()
        return [start] + client.snapshots
    }

    private func perform(_ client: StoreClient) {
        for _ in 0..<stepCount {
            attempt(client) { () throws(StorageError) in try take(client) }
            client.note()
            if client.store.hasFailed { return }
        }
        if client.chance(percent: 50) {
            attempt(client) { () throws(StorageError) in try client.close() }
        }
    }

    private func attempt(_ client: StoreClient, _ body: () throws(StorageError) -> Void) {
        do throws(StorageError) {
            try body()
        } catch {
            client.noteFailure("\(error)")
        }
    }

    private func take(_ client: StoreClient) throws(StorageError) {
        client.passTime(millisecondsMax: 10_000)
        if client.history.topics.isEmpty || client.chance(percent: 8) {
            try client.createTopic()
            return
        }
        switch client.below(100) {
        case ..<30: try client.commitSomeRound()
        case ..<46: try client.produce()
        case ..<55: try client.letGo()
        case ..<60: try client.commitWithoutRoom()
        case ..<67: try client.prove()
        case ..<69: try client.twoCheckpoints()
        case ..<78: try client.checkpoint()
        case ..<87: try client.checkpoint(isInterrupted: true)
        case ..<89: try client.growTopic()
        case ..<95: try client.compact(isInterrupted: client.chance(percent: 30))
        default: try client.deleteTopic()
        }
        if client.store.checkpointUrgency == .mustWait { try client.checkpoint() }
    }

    /// The key of a record by its value: what stands before an equals sign; nil where there is none.
    static func key(of value: String) -> String? {
        guard let end = value.firstIndex(of: "=") else { return nil }
        return String(value[..<end])
    }

    /// Compacts whatever may be compacted, at once.
    static func compactionPolicy(mapBytesMax: ByteCount = .mebibytes(1)) -> CompactionPolicy {
        var policy = CompactionPolicy()
        policy.lagMilliseconds = 0
        policy.lagMaxMilliseconds = 0
        policy.dirtyPercentMin = 0
        policy.mapBytesMax = mapBytesMax
        return policy
    }

    /// A batch of records with these values, one timestamp, and keys where the values say one.
    public static func batch(_ values: [String], at timestamp: Timestamp = StoreClock.start) -> RecordBatch {
        var builder = RecordBatchBuilder()
        for value in values {
            builder.append(
                DecodedRecord(
                    offset: .zero,
                    timestamp: timestamp,
                    key: key(of: value).map { ByteBuffer(string: $0) },
                    value: ByteBuffer(string: value),
                    headers: []
                )
            )
        }
        return builder.finish()
    }
}
