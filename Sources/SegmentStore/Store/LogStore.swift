import RecordFormat
import Synchronization
import SystemPackage

/// A data directory: the commit journal, the checkpoints, and the logs of all partitions.
///
/// Synchronous. One thread, the journal thread, calls `commit`, `writeProofFrame` and `captureCheckpoint`; one thread, the
/// flusher, calls `complete`; any thread reads, creates topics and asks. docs/on-disk-format.md draws the files;
/// docs/lock-order.md the locks.
public final class LogStore: Sendable {
    /// The configuration in force.
    public let configuration: StoreConfiguration
    /// What `millrace.meta` says.
    public let meta: StoreMeta
    /// The leader epoch that batches of this run carry: one more after each unclean stop.
    public let run: LeaderEpoch
    let fileSystem: any FileSystem
    /// The same, as what bounds the descriptors.
    let keeper: DescriptorKeeper
    /// Whether the volume has room.
    let space: StoreSpace
    /// What the device is to be given before a checkpoint flushes it.
    let writeback: Writeback
    let wallTime: WallTime
    let paths: StorePaths
    let slots: CheckpointSlots
    let ring: RingGeometry
    let lock: any StoreLock
    let health: StoreHealth
    /// The topics and the logs of their partitions.
    let table: Mutex<TopicTable>
    /// What is remembered of producers.
    let producers: Mutex<ProducerTable>
    /// Held while a topic's directory is made, so that one is made at a time.
    let administration = Mutex<Void>(())
    /// Held over a whole compaction: one partition at a time.
    let compaction = Mutex<Void>(())
    /// The journal thread's own; the lock costs nothing there and proves that it is alone.
    let journal: Mutex<JournalState>
    /// The LSN from which frames are still needed: the journal may write up to one ring length past it.
    ///
    /// Only grows.
    let limit: Atomic<UInt64>

    /// The journal thread's state.
    struct JournalState {
        let ring: JournalRing
        let buffer: FrameBuffer
        var next: LSN
        var generation: UInt64
        /// Whether the last frame of this run has entries, which only a later frame proves to be whole.
        var lastFrameIsUnproven = false
        var isCheckpointing = false
        /// What was written since the last capture.
        var dirty: [PartitionKey: DirtyPartition] = [:]
        var deletedTopics: [TopicID] = []
    }

    init(_ parts: OpenedParts, journal: sending JournalState, table: TopicTable) {
        configuration = parts.configuration
        meta = parts.meta
        run = parts.run
        fileSystem = parts.keeper
        keeper = parts.keeper
        space = parts.space
        writeback = Writeback(budgetBytes: parts.configuration.writebackBytesPerFlush)
        wallTime = parts.wallTime
        paths = parts.paths
        slots = parts.slots
        ring = journal.ring.geometry
        lock = parts.lock
        health = parts.health
        limit = Atomic(journal.next.value)
        producers = Mutex(
            ProducerTable(
                registry: parts.producers,
                limits: parts.configuration.producers,
                now: parts.wallTime()
            )
        )
        self.table = Mutex(table)
        self.journal = Mutex(journal)
    }

    /// What opening found out before there was a store.
    struct OpenedParts {
        let configuration: StoreConfiguration
        let meta: StoreMeta
        let run: LeaderEpoch
        let keeper: DescriptorKeeper
        let space: StoreSpace
        let wallTime: WallTime
        let paths: StorePaths
        let slots: CheckpointSlots
        let lock: any StoreLock
        let health: StoreHealth
        let producers: ProducerRegistry
    }

    /// The largest frame's room for entries: what one request may take at most, by `entryBytes`.
    public var frameBytesMax: ByteCount { ByteCount(ring.frameBytesMax - FrameHeader.bytes) }

    /// What a request takes of a frame at most.
    public static func entryBytes(_ request: CommitRequest) -> ByteCount {
        var bytes = request.deletedTopic == nil ? 0 : FrameEntry.headBytes + FrameEntry.topicIDBytes
        if request.deletedPrefix != nil { bytes += FrameEntry.headBytes + FrameEntry.prefixBytes }
        if let producer = request.producer { bytes += FrameBuffer.entryBytes(registrationOf: producer.name) }
        for append in request.appends {
            for batch in append.batches { bytes += FrameBuffer.entryBytes(batch) }
        }
        return ByteCount(bytes)
    }

    /// Whether a failure has stopped the store: nothing more may be answered as stored.
    public var hasFailed: Bool { health.hasFailed }

    /// The partitions that are set aside, and why.
    public func quarantined() -> [PartitionKey: Quarantine] {
        let logs = table.withLock { $0.logs }
        return logs.compactMapValues(\.quarantine)
    }

    /// Tells of partitions that are set aside from now on, each once, on the thread that found the damage.
    public func onQuarantine(_ listener: @escaping @Sendable (PartitionKey, Quarantine) -> Void) {
        health.onQuarantine(listener)
    }

    /// The log of a partition; nil when its topic does not exist.
    public func partition(_ key: PartitionKey) -> PartitionLog? {
        table.withLock { $0.logs[key] }
    }
}
