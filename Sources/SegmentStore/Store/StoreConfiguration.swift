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
    /// How many bytes may lie above the checkpoint at most: rounds are slowed when it is near, and wait when it is reached.
    ///
    /// So much is dirty in the page cache at most, and is to be read and written again after a crash.
    public var aboveCheckpointBytesMax = ByteCount.mebibytes(64)
    /// How many bytes of segments the device is given between two flushes of the journal; 0 leaves all to the checkpoints.
    ///
    /// A flush waits for them: a few milliseconds of the disk's bandwidth.
    public var writebackBytesPerFlush = ByteCount.mebibytes(1)
    /// Where the ring lies; nil for the data directory.
    ///
    /// Made if missing, its parent must exist. Every start must name the same one.
    public var journalDirectory: FilePath?
    /// The ring takes at most this share of its volume, in hundredths, unless four frames need more.
    public var ringVolumePercentMax = 2
    /// The room on the volume at which users' topics take no more records; the broker's own may go below it.
    ///
    /// By default the ring's size and 64 MiB, at most a tenth of the volume.
    public var spaceFloor: ByteCount?
    /// How many segments may be open at a time.
    ///
    /// Half of them may have unflushed writes; when half of these have, a checkpoint is due.
    public var openSegmentsMax = 4096

    /// How much is remembered of idempotent producers.
    public var producers = ProducerLimits()
    /// Is told when rolls, checkpoints and the like begin and end.
    public var observer = StoreObserver()

    /// A configuration with the defaults.
    public init(directory: FilePath) {
        self.directory = directory
    }
}
