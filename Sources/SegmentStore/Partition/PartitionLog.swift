import RecordFormat
import Synchronization
import SystemPackage

/// One partition's log: ordered segments, of which the last is active, and the watermarks.
///
/// `append` is the journal thread's: it goes through a round (`Round`) and reaches the log's state only once the round's
/// flush has returned. Readers take the lock for a lookup, never for I/O. See docs/lock-order.md.
public final class PartitionLog: Sendable {
    /// The identity.
    public let key: PartitionKey
    let directory: FilePath
    /// The data directory's id, which its files carry.
    let owner: [UInt8]
    let fileSystem: any FileSystem
    let health: StoreHealth
    /// The end when this run opened the log: what lies behind was appended by this run.
    let openedEnd: Offset
    let state: Mutex<State>
    /// Held while the manifest is replaced, so that each change is made to the one before.
    let maintenance = Mutex<Void>(())
    /// The topic's own bound on segments in bytes; 0 where the configuration's counts.
    private let segmentBytes = Atomic<Int>(0)

    /// Whether readers pass damage, and appends go on: the topic's `onCorruption` is `skip`.
    private let skipsDamage = Atomic<Bool>(false)

    /// The log as it stands between two rounds.
    struct State {
        /// The segments before the active one, in order.
        var sealed: [SealedLog]
        /// The segment that takes appends; nil until the first append.
        var active: Segment?
        /// The size of the active segment.
        var position: FilePosition
        /// The next offset.
        var end: Offset
        var logStart: Offset
        /// The largest timestamp in the active segment.
        var maxTimestamp: Int64
        /// When the active segment got its first record.
        var activeSince = Timestamp.epoch
        /// Where each run began to append.
        var epochs: [EpochStart] = []
        /// What the manifest file lists.
        var manifest: Manifest
        /// Whether the last block holds flushed bytes that the journal does not hold: they must go there before the block
        /// is written again, since a power cut may take the whole of a block that is being written.
        var needsTailBlock: Bool
        /// Everything before was flushed in the segments when the last checkpoint was recorded.
        var checkpointed: LogPlace
        /// The last batches, until a checkpoint covers them and for a little longer.
        var tail = TailBatches()
        /// The end when the last checkpoint was captured.
        var capturedEnd = Offset.zero
        /// The same of the last one that is recorded.
        var coveredEnd = Offset.zero
        /// A file for the next segment, when the flusher has made one.
        var spare: SpareFile?
        /// Whether a segment lives in the spare file and has not got its own name yet.
        var spareIsTaken = false
        /// Why the partition refuses appends.
        var quarantine: Quarantine?
        /// Why nothing of the active segment is served: its file is not the one that was written.
        var activeStrangeness: String?
        /// The manifest file cannot be trusted, and is not to be replaced: it is what a repair begins with.
        var isManifestLost = false
        var isDeleted = false
        /// In no list any more; their files are unlinked when nobody reads them.
        var retired: [Segment] = []
        /// Unlinked for good, and still named as retired by the manifest until its next change.
        var unlinked: Set<SegmentID> = []
    }

    /// A place in the log: a byte of a segment.
    struct LogPlace: Hashable, Sendable {
        let segmentBase: Offset
        let position: FilePosition

        /// Whether everything up to a position of a segment lies before this place.
        func covers(_ base: Offset, _ position: FilePosition) -> Bool {
            base < segmentBase || (base == segmentBase && position <= self.position)
        }
    }

    /// A sealed segment and its facts.
    struct SealedLog {
        let segment: Segment
        var facts: SealedSegment
        /// Why nothing of it is served: its file is not the one that was sealed.
        ///
        /// Batches do not say whose they are, so that those of a strange file may read well.
        var strangeness: String?
    }

    init(
        key: PartitionKey,
        directory: FilePath,
        owner: [UInt8],
        fileSystem: any FileSystem,
        health: StoreHealth,
        state: sending State
    ) {
        self.key = key
        self.directory = directory
        self.owner = owner
        self.fileSystem = fileSystem
        self.health = health
        openedEnd = state.end
        self.state = Mutex(state)
    }

    /// A new partition without records.
    convenience init(
        creating key: PartitionKey,
        directory: FilePath,
        owner: [UInt8],
        fileSystem: any FileSystem,
        health: StoreHealth
    ) {
        let state = State(
            sealed: [],
            active: nil,
            position: .zero,
            end: .zero,
            logStart: .zero,
            maxTimestamp: -1,
            manifest: Manifest(),
            needsTailBlock: false,
            checkpointed: LogPlace(segmentBase: .zero, position: .zero)
        )
        self.init(
            key: key,
            directory: directory,
            owner: owner,
            fileSystem: fileSystem,
            health: health,
            state: state
        )
    }

    /// The marks at this moment.
    public var watermarks: Watermarks {
        state.withLock { Watermarks(logStart: $0.logStart, flushedEnd: $0.end) }
    }

    /// The bytes in all segments.
    public var size: ByteCount {
        state.withLock { state in
            let sealed = state.sealed.reduce(0) { $0 + $1.facts.size.value }
            return ByteCount(Int(sealed + state.position.value))
        }
    }

    /// Why the partition refuses appends, if it does.
    public var quarantine: Quarantine? {
        state.withLock { $0.quarantine }
    }

    /// The offset below which history is incomplete, since compaction has removed older values; 0 when it has not.
    public var compactedBelow: Offset {
        state.withLock { $0.manifest.compactedBelow }
    }

    /// Which tombstones compaction has removed.
    public var removedTombstones: RemovedTombstones {
        state.withLock { $0.manifest.removedTombstones }
    }

    /// The number that the next compaction takes; it rises with a compaction's first switch.
    public var nextGeneration: UInt64 {
        state.withLock { $0.manifest.nextGeneration }
    }

    /// The topic's own bound on segments, if it has one.
    var segmentBytesMax: ByteCount? {
        let bytes = segmentBytes.load(ordering: .relaxed)
        return bytes == 0 ? nil : ByteCount(bytes)
    }

    /// Sets the topic's own bound on segments; the next append goes by it.
    func limitSegments(to bytesMax: ByteCount?) {
        segmentBytes.store(bytesMax?.value ?? 0, ordering: .relaxed)
    }

    /// Whether readers pass damage, and appends go on.
    var passesDamage: Bool { skipsDamage.load(ordering: .relaxed) }

    /// Takes over what of a topic's settings concerns its partitions; the next append and the next read go by it.
    func adopt(_ topic: StoredTopic) {
        limitSegments(to: topic.segmentBytesMax)
        skipsDamage.store(topic.passesDamage, ordering: .relaxed)
    }

    /// Sets the partition aside, unless its topic says that readers pass damage and appends go on.
    func noteDamage(_ text: String) {
        guard !passesDamage else { return }
        let found = Quarantine(reason: text, since: health.wallTime())
        if setAside(found) { health.tell(found, of: key) }
    }

    /// Sets the partition aside, and tells nobody.
    /// - Returns: false when it was before.
    func setAside(_ found: Quarantine) -> Bool {
        state.withLock { state in
            guard state.quarantine == nil else { return false }
            state.quarantine = found
            return true
        }
    }

    /// Where each run of the directory began to append, in order.
    public var epochs: [EpochStart] {
        state.withLock { $0.epochs }
    }

    /// The last epoch up to the one asked for, and the offset (exclusive) at which its records end; nil when all are later.
    ///
    /// What a reader that remembers an epoch compares its position with (KIP-320): a position beyond the end was taken
    /// from a log that a recovery has cut.
    public func end(of epoch: LeaderEpoch) -> (epoch: LeaderEpoch, end: Offset)? {
        state.withLock { state in
            guard let index = state.epochs.lastIndex(where: { $0.epoch.value <= epoch.value }) else { return nil }
            let next = state.epochs.index(after: index)
            return (state.epochs[index].epoch, next < state.epochs.endIndex ? state.epochs[next].first : state.end)
        }
    }

    func markDeleted() {
        state.withLock { state in
            state.isDeleted = true
            state.tail.removeAll(health.tails)
            state.spare = nil
        }
    }
}
