/// Every bound of the broker in one place: what it bounds, its default, and why it is there.
///
/// Each is enforced with its own error, which names the limit and its value. Commit and session timeouts of groups are
/// the group's own configuration and stand in GroupCoordination.
public struct Limits: Hashable, Sendable {
    // MARK: records and batches

    /// One record as encoded in a batch: key, value, headers and framing (1 MiB).
    public var recordBytesMax = ByteCount.mebibytes(1)
    /// One encoded batch, the unit that storage appends and readers fetch whole (4 MiB).
    public var batchBytesMax = ByteCount.mebibytes(4)
    /// What one compressed batch may inflate to when it is read, lest a small one fill the memory (64 MiB).
    public var inflatedBatchBytesMax = ByteCount.mebibytes(64)
    /// Headers on one record (128).
    public var headersPerRecordMax = 128
    /// Names and values of all headers of one record together (64 KiB).
    public var headerBytesMax = ByteCount.kibibytes(64)
    /// Nesting of a JSON value; deeper input is refused rather than recursed into (512).
    public var jsonDepthMax = 512

    // MARK: requests

    /// One request's body, after inflation (16 MiB).
    public var requestBodyBytesMax = ByteCount.mebibytes(16)
    /// Bytes of bodies that all connections together hold while they come in; beyond it a body is not read (256 MiB).
    public var bodyBytesInFlightMax = ByteCount.mebibytes(256)
    /// One request's header block, request line included (32 KiB).
    public var requestHeadBytesMax = ByteCount.kibibytes(32)
    /// A cursor as text, in bytes: 256 partitions of 20 digits and their topics fit (16 KiB).
    public var cursorLengthMax = ByteCount.kibibytes(16)
    /// Connections that the listener keeps open; further ones wait to be accepted (16,384).
    public var connectionsMax = 16_384

    // MARK: streamed lines

    /// One line of a streamed request's body: a record of 1 MiB, every byte of it escaped, and what stands around it (8 MiB).
    public var streamedLineBytesMax = ByteCount.mebibytes(8)
    /// The records of a streamed request that gather while those before them are flushed, as encoded (4 MiB).
    public var streamedGroupBytesMax = ByteCount.mebibytes(4)
    /// Receipts that wait for a client which does not read them; the last of them covers what is stored meanwhile (64).
    public var streamedReceiptsMax = 64
    /// Ranges of offsets in all of these receipts, beyond which no more of the body is read (16,384).
    public var streamedRangesMax = 16_384
    /// How long a streamed request may bring nothing before it is ended; blank lines count as something (15 min).
    public var streamedIdleMax = Duration.seconds(900)

    // MARK: topics and groups

    /// Partitions of one topic (10,000).
    public var partitionsPerTopicMax = 10_000
    /// Partitions of a topic that is created without a number (1).
    public var partitionsPerTopicDefault = 1
    /// The longest retention by age that can be set: a hundred years.
    public var retentionSecondsMax: Int64 = 3_155_760_000
    /// The smallest segment that a topic can ask for: below it files and descriptors outweigh the records (64 KiB).
    public var segmentBytesMin = ByteCount.kibibytes(64)
    /// The largest segment that a topic can ask for: positions in an index have 32 bits (1 GiB).
    public var segmentBytesMax = ByteCount.mebibytes(1024)
    /// Topics in the directory (10,000).
    public var topicsMax = 10_000
    /// Topics that one group consumes (64).
    public var groupTopicsMax = 64
    /// Groups that have metrics of their own: a name costs a series of each (1,000).
    public var groupsWithMetricsMax = 1_000
    /// Offsets of one commit request (1,000).
    public var commitOffsetsMax = 1_000
    /// Uncommitted records that a member is sent when it does not say (1,000).
    public var maxInFlightRecords = 1_000
    /// Uncommitted records that a member may ask for (100,000).
    public var maxInFlightRecordsMax = 100_000
    /// Uncommitted bytes that a member is sent when it does not say (64 MiB).
    public var maxInFlightBytes = ByteCount.mebibytes(64)
    /// Uncommitted bytes that a member may ask for (1 GiB).
    public var maxInFlightBytesMax = ByteCount.mebibytes(1024)

    // MARK: reading

    /// Records of one page (1,000).
    public var pageRecordsMax = 1_000
    /// Bytes of one page (8 MiB).
    public var pageBytesMax = ByteCount.mebibytes(8)
    /// Partitions that one read covers (256).
    public var partitionsPerReadMax = 256
    /// Bytes read from the log in one step of a stream, at least one record (64 KiB).
    public var readBytesPerStep = ByteCount.kibibytes(64)
    /// How often a watch tries again to read what cannot be read just now, each time after twice as long (6).
    public var readRetriesMax = 6
    /// How long a watch waits before it tries the first time again (100 ms).
    public var readRetryDelay = Duration.milliseconds(100)
    /// How long a long-poll may wait (60 s).
    public var waitMax = Duration.seconds(60)
    /// The age at which a stream ends with `goodbye`, so that connections spread over restarts; jittered (1 h).
    public var streamAgeMax = Duration.seconds(3_600)
    /// Operations of one JSON Patch (1000).
    public var patchOperationsMax = 1000
    /// How long a collection's list may be read page by page before it is over (5 min).
    public var listAgeMax = Duration.seconds(300)
    /// How long a watcher may take nothing while something waits for it, before it is told `slow` and closed (60 s).
    public var slowWatcherMax = Duration.seconds(60)
    /// The same for a member's stream, as long as the longest commit timeout: until then commits judge it (15 min).
    public var stalledMemberMax = Duration.seconds(900)
    /// Streams that one principal has open; all anonymous clients are one (10,000).
    public var streamsPerPrincipalMax = 10_000
    /// Silence after which a stream sends a heartbeat; jittered (15 s).
    public var heartbeatInterval = Duration.seconds(15)
    /// The longest time between two bookmarks of an idle stream (30 s).
    public var bookmarkInterval = Duration.seconds(30)
    /// A cursor longer than this goes out at most every `longCursorInterval` (256 bytes).
    public var cursorBytesPerFlushMax = ByteCount(256)
    /// A filter as text, in bytes (4 KiB).
    public var filterBytesMax = ByteCount.kibibytes(4)
    /// Terms of one filter: each may walk over the value once (16).
    public var filterTermsMax = 16
    /// Elements of one set in a filter (64).
    public var filterSetElementsMax = 64
    /// A selector of labels or fields as text, in bytes (4 KiB).
    public var selectorBytesMax = ByteCount.kibibytes(4)
    /// Terms of one selector: each of fields may walk over the value once (32).
    public var selectorTermsMax = 32
    /// Elements of one set in a selector (256).
    public var selectorSetElementsMax = 256
    /// Names in a path of a filter or a selector, or in a pointer of a projection (16).
    public var pathDepthMax = 16
    /// A list of fields as text, in bytes (4 KiB).
    public var fieldsBytesMax = ByteCount.kibibytes(4)
    /// Pointers of one list of fields (64).
    public var fieldsMax = 64
    /// Bytes of records that a page with a filter looks at before it ends with what it has (32 MiB).
    public var pageScanBytesMax = ByteCount.mebibytes(32)
    /// Bytes of records that a filter looks at before others have their turn (256 KiB).
    public var scanBytesPerStep = ByteCount.kibibytes(256)
    /// The longest time between two bookmarks of a stream whose filter passes over records (5 s).
    public var scanBookmarkInterval = Duration.seconds(5)
    /// Encoded batches at the tails that watchers share, all together (16 MiB).
    public var sharedFrameBytesMax = ByteCount.mebibytes(16)
    /// Changes at the tails of collections that watchers share, all together (16 MiB).
    public var sharedChangeBytesMax = ByteCount.mebibytes(16)
    /// The shortest time between two long cursors of a stream (250 ms).
    public var longCursorInterval = Duration.milliseconds(250)

    // MARK: appending

    /// Bytes queued for the journal; a full queue answers 429 (64 MiB).
    public var appendQueueBytesMax = ByteCount.mebibytes(64)
    /// Bytes that the broker's own records (commits, members) may have queued besides, so that groups go on while producers
    /// are turned away (4 MiB).
    public var appendReserveBytesMax = ByteCount.mebibytes(4)
    /// How long streams are given to say `goodbye` at shutdown before they are cancelled (10 s).
    public var drainMax = Duration.seconds(10)

    /// All limits at their defaults.
    public init() {}
}
