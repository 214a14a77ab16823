import RecordFormat
import SystemPackage

/// One lap over all sealed segments: each is read, a small step at a time, and compared with what the manifest says of it.
///
/// Reads go around the page cache where the file system has direct I/O: what counts is what the device holds, and readers'
/// pages stay. A segment that retention or compaction lets go meanwhile is no damage. One whose checksums are not known yet
/// is verified batch by batch, and gets them. The owner decides the pace, and makes a new one for the next lap.
public struct Scrub: Sendable {
    /// How far it has come.
    public private(set) var progress = ScrubProgress()
    private let store: LogStore
    private var partitions: [PartitionKey]
    /// The partition under way, and its segments that are still to be looked at.
    private var log: PartitionLog?
    private var waiting: [SegmentID] = []
    private var segment: SegmentScrub?

    /// The most bytes that one step reads.
    public static let stepBytesMax = ByteCount.mebibytes(1)

    /// A lap over what there is now.
    public init(_ store: LogStore) {
        self.store = store
        let keys = store.table.withLock { Array($0.logs.keys) }
        // In an order that is the same each time, from the back: the last one is taken first.
        partitions = keys.sorted { ($1.topic.hex, $1.partition) < ($0.topic.hex, $0.partition) }
        progress.partitionCount = partitions.count
    }

    /// What a step did.
    public struct Step: Sendable {
        /// What was read, for whoever keeps the pace.
        public var bytes = ByteCount(0)
        /// What was found wrong, or was mended.
        public var finding: ScrubFinding?
        /// Whether the lap is over.
        public var isFinished = false
    }

    /// Does a little: reads at most `stepBytesMax`, or goes on to the next segment.
    ///
    /// Blocks.
    /// - Throws: `outcomeUnknown` after a failed flush of a manifest: the process must exit. `stopped` after another failure.
    public mutating func step() throws(StorageError) -> Step {
        guard !store.hasFailed else { throw .stopped }
        guard var scrub = segment else { return advance() }
        let step: SegmentScrub.Outcome
        do throws(StorageError) {
            step = try scrub.step()
        } catch {
            // For want of a descriptor, say: the next lap comes by again.
            guard case .outcomeUnknown = error else {
                segment = nil
                progress.skipped += 1
                return Step()
            }
            store.health.fail()
            throw error
        }
        segment = step.isFinished ? nil : scrub
        progress.note(step)
        return Step(bytes: step.bytes, finding: step.finding)
    }

    /// Takes the next segment.
    private mutating func advance() -> Step {
        if let log, let id = waiting.popLast() {
            segment = SegmentScrub(id, of: log)
            return Step()
        }
        if log != nil { progress.partitionsDone += 1 }
        log = nil
        guard let key = partitions.popLast() else { return Step(isFinished: true) }
        // A topic that was deleted meanwhile has no log any more.
        guard let next = store.partition(key) else {
            progress.partitionsDone += 1
            return Step()
        }
        log = next
        waiting = next.listedSegments().reversed()
        return Step()
    }
}

/// How far a scrub has come.
public struct ScrubProgress: Hashable, Sendable {
    /// The partitions of the lap.
    public internal(set) var partitionCount = 0
    /// Those that are done.
    public internal(set) var partitionsDone = 0
    /// Segments that were compared.
    public internal(set) var segments = 0
    /// What was read of them.
    public internal(set) var bytes = ByteCount(0)
    /// Segments that were found damaged.
    public internal(set) var damaged = 0
    /// Indexes that were built again.
    public internal(set) var rebuilt = 0
    /// Segments that could not be looked at this time.
    public internal(set) var skipped = 0

    mutating func note(_ step: SegmentScrub.Outcome) {
        bytes = ByteCount(bytes.value + step.bytes.value)
        if step.isFinished { segments += 1 }
        switch step.finding {
        case .damage: damaged += 1
        case .rebuiltIndex: rebuilt += 1
        case nil: break
        }
    }
}

/// What a scrub found.
public enum ScrubFinding: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of a segment are not what was written; the text has the first bad place.
    case damage(PartitionKey, String)
    /// A derived file was not what it should be, and was made again.
    case rebuiltIndex(FilePath)

    /// The text for people.
    public var description: String {
        switch self {
        case .damage(let key, let text): "partition \(key): \(text)"
        case .rebuiltIndex(let path): "\(path) was damaged or missing, and was built again from its segment"
        }
    }
}
