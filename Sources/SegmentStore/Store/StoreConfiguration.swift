import RecordFormat
import SystemPackage

/// Where a store lives and how large its parts are.
public struct StoreConfiguration: Sendable {
    /// The data directory; made if missing, its parent must exist.
    public var directory: FilePath
    /// The ring's size when the directory is created.
    ///
    /// At least four times `frameBytesMax`.
    public var ringBytes = ByteCount.mebibytes(128)
    /// The largest frame, and so the largest request, when the directory is created.
    public var frameBytesMax = ByteCount.mebibytes(24)
    /// A segment is sealed before it grows past this, unless one batch alone is larger.
    public var segmentBytesMax = ByteCount.mebibytes(128)
    /// A segment is sealed when its first record was appended this long ago; each partition's is up to a twentieth less, so
    /// that they do not all roll at once.
    public var segmentAgeMaxMilliseconds: Int64 = 7 * 24 * 3600 * 1000
    /// How many partitions `__consumer_offsets` gets when the directory is created.
    public var coordinatorShards = 4
    /// The most memory in which the newest batches of all partitions are kept for readers at the tail.
    public var tailBytesMax = ByteCount(TailBudget.bytesMax)
    /// How many bytes may lie above the checkpoint before one is due.
    public var checkpointBytesMax = ByteCount.mebibytes(32)

    /// How much is remembered of idempotent producers.
    public var producers = ProducerLimits()
    /// Is told when rolls, checkpoints and the like begin and end.
    public var observer = StoreObserver()

    /// A configuration with the defaults.
    public init(directory: FilePath) {
        self.directory = directory
    }
}
