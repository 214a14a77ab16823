public import Logging
public import RecordFormat
public import SegmentStore

/// The running broker: topics, appends, reads, waits and groups over one data directory.
///
/// Its life in four steps: `open` recovers the data directory and reads the groups; `start` sets the threads going;
/// `drain` tells every stream to end; `stop` writes what is queued and closes the directory.
///
/// The way of a record in: `append` queues it (`AppendQueue`), the journal thread commits it with everything else that
/// is queued (`JournalThread`), moves the tails (`TailSignal`) and answers. The way out: `read` through a small pool of
/// threads (`BlockingPool`), `wait` at the tails. A group is a pure machine (`GroupCoordinator`) whose records take the
/// same way in as everybody's.
///
/// Threads: one journal, one flusher, one for administration, a few for reads. Locks: docs/lock-order.md.
public final class Broker: BrokerEngine {
    /// How the broker is set up.
    public let configuration: BrokerConfiguration
    /// Monotonic time, for deadlines given to `wait` and to group sessions.
    public let clock: any MonotonicClock

    let store: LogStore
    let registry: TopicRegistry
    let queue: AppendQueue
    let coordinators: [GroupCoordinator]
    let explicitMembers = ExplicitMembers()
    let appendClock: AppendClock
    let readPool: BlockingPool
    let producers: ProducerLoading
    let collections: CollectionEnvironment
    let versionBases: VersionBases
    /// One thread: topics are created and deleted one at a time.
    let administration: BlockingPool
    let journal: BrokerThreads
    let lifecycle = BrokerLifecycle()
    let failure: FailureLatch
    let logger: Logger
    /// Where those wait who wait for no partition; it ends with the drain.
    let lifeSignal = TailSignal(visible: .zero)

    init(_ parts: BrokerParts) {
        configuration = parts.configuration
        clock = parts.clock
        store = parts.store
        registry = parts.registry
        queue = parts.queue
        coordinators = parts.coordinators
        appendClock = parts.appendClock
        readPool = parts.readPool
        producers = ProducerLoading(
            store: parts.store,
            pool: parts.readPool,
            failure: parts.failure,
            bytesMax: parts.configuration.limits.appendQueueBytesMax.value
        )
        collections = CollectionEnvironment(
            pool: parts.readPool,
            store: parts.store,
            hash: SipHash(key: parts.store.meta.secretKey),
            bounds: KeyIndex.Bounds(),
            saveBytesMin: parts.configuration.keyIndexSaveBytesMin
        )
        versionBases = VersionBases(last: parts.store.lastRetiredVersion)
        failure = parts.failure
        logger = parts.logger
        administration = BlockingPool(name: "admin", threads: 1)
        journal = BrokerThreads(parts)
    }

    /// Opens a data directory, made if missing, recovers it, and reads the groups from it.
    ///
    /// Nothing is served before `start`. Blocking work runs on a thread of its own.
    /// - Parameter logger: silent unless given.
    /// - Parameter onFatal: called once, from any thread, when the storage has failed after the start. The process must
    ///   then exit with a failure: what was being written may or may not be stored, and the next start finds out.
    /// - Throws: `BrokerStartError`, whose description is for the operator.
    public static func open(
        _ configuration: BrokerConfiguration,
        fileSystem: any FileSystem = PosixFileSystem(),
        clock: any MonotonicClock,
        wallClock: any WallClock,
        logger: Logger = Logger(label: "millrace", factory: { _ in SwiftLogNoOpLogHandler() }),
        onFatal: @escaping @Sendable (String) -> Void
    ) async throws(BrokerStartError) -> Broker {
        let opening = BrokerOpening(
            configuration: configuration,
            fileSystem: fileSystem,
            clock: clock,
            wallClock: wallClock,
            logger: logger
        )
        let pool = BlockingPool(name: "open", threads: 1)
        let parts = try await pool.run { () throws(BrokerStartError) in try opening.run() }
        let broker = Broker(parts)
        // First the process's own end, so that nobody is told how a request ended that only recovery can tell.
        broker.failure.onFailure(onFatal)
        broker.failure.onFailure { [weak broker] in broker?.fail($0) }
        return broker
    }

    /// Starts the threads and the groups; from now on requests are served.
    public func start() {
        journal.start()
        for coordinator in coordinators { coordinator.begin() }
        lifecycle.becomeReady()
        reportCommitsBeyondTheEnd()
        logger.info("ready", metadata: ["topics": "\(registry.count - 1)", "run": "\(store.run)"])
    }

    /// Tells every stream to end: waits return `draining`, sessions say `goodbye`.
    ///
    /// New streams are refused.
    ///
    /// Appends and commits go on until `stop`, so that members can commit what they have worked on.
    public func drain() {
        guard lifecycle.beginDraining() else { return }
        logger.info("draining")
        endStreams()
    }

    /// Writes what is queued, takes a last checkpoint, and closes the data directory.
    ///
    /// Drains first where that was not done. The second and later calls do nothing, and return at once.
    public func stop() async {
        drain()
        guard lifecycle.beginStopping() else { return }
        await withCheckedContinuation { continuation in
            // Joining threads blocks, so it has a thread of its own, which is let go when it is done.
            _ = DedicatedThread(name: "stop") {
                self.stopThreads()
                continuation.resume()
            }
        }
    }

    /// What this engine can do.
    public var capabilities: EngineCapabilities { EngineCapabilities(groups: true, atomicAppend: true) }
    /// The named bounds in force.
    public var limits: Limits { configuration.limits }
    /// Where the broker is in its life.
    public var phase: EnginePhase { lifecycle.phase }
    /// The key with which surfaces sign what they hand out; 32 bytes.
    public var secretKey: [UInt8] { store.meta.secretKey }

    /// The time to stamp records with: wall time that never goes back within this process.
    public func appendTime() -> Timestamp {
        appendClock.now()
    }
}
