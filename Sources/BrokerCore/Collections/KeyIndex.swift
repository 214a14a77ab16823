import RecordFormat
import SegmentStore

/// The state of a collection's partition: which record is the latest of each key, which version came before each record,
/// and what the lists that are open still have to see.
///
/// It is fed the log's records in order. What it holds is bounded by the keys (``KeyTable`` and ``OffsetSet``: 47 to 97 bytes
/// each, up to 139 once many others were removed), by the records above the history's floor (``VersionHistory``, 4 bytes
/// each) and by what open lists may hold back (``OffsetSet``); values stay in the log.
struct KeyIndex: Sendable {
    /// Bounds of one index.
    struct Bounds: Sendable {
        /// The most records whose versions before are known: 16,777,216, which is 64 MiB.
        var historyRecordsMax = 1 << 24
        /// The most records that the open lists may hold back together: 1,048,576, which is about 80 MiB.
        var heldBackMax = 1 << 20
    }

    /// One record as the index sees it.
    struct Entry: Sendable {
        /// Where it stands.
        let offset: Offset
        /// The hash of its key; a record without one is no item.
        let key: SipHash.Value?
        /// When it was produced.
        let timestamp: Timestamp
        /// Whether it deletes its key.
        let isTombstone: Bool
        /// When its item came into being, where the record says so.
        var birth: Timestamp?
    }

    private let hash: SipHash
    private let bounds: Bounds
    private(set) var table = KeyTable()
    private var live = OffsetSet()
    private(set) var history: VersionHistory
    private var lists = OpenLists()
    /// The next offset to be applied: the version of the state.
    private(set) var version: Offset
    /// Whether damage was passed over: keys may be missing that are there again when the files are.
    private(set) var hasPassedDamage = false
    /// The next compaction's number when the first record was read.
    let begun: UInt64

    /// An index of a log that begins at `start` and whose history is complete from `historyFloor` on.
    ///
    /// - Parameter begun: the next compaction's number, looked at before the first record is read.
    init(
        from start: Offset,
        historyFloor: Offset,
        begun: UInt64 = 1,
        hash: SipHash,
        bounds: Bounds = Bounds()
    ) {
        self.begun = begun
        self.hash = hash
        self.bounds = bounds
        version = start
        history = VersionHistory(from: max(start, historyFloor), recordsMax: bounds.historyRecordsMax)
    }

    /// The state up to a version, as it was written down.
    init(
        _ table: KeyTable,
        _ live: OffsetSet,
        _ history: VersionHistory,
        version: Offset,
        begun: UInt64,
        hash: SipHash,
        bounds: Bounds
    ) {
        self.begun = begun
        self.hash = hash
        self.bounds = bounds
        self.table = table
        self.live = live
        self.history = history
        self.version = version
    }

    /// How many items there are.
    var count: Int { live.count }
    /// The first record whose version before is known: a watch can begin here or later.
    var historyFloor: Offset { history.floor }
    /// How many lists are open.
    var openListCount: Int { lists.count }
    /// How many items are kept for open lists.
    var heldBackCount: Int { lists.heldBackCount }
    /// What the keys have allocated; goes over all of them.
    var keyBytes: ByteCount { table.bytes + live.bytes }

    // MARK: Changing

    /// Applies the log's next record; offsets rise from call to call.
    mutating func apply(_ entry: Entry) {
        let offset = entry.offset
        skip(to: offset)
        version = offset.advanced(by: 1)
        guard let key = entry.key else { return note(.nothing, at: offset) }
        let before: KeyTable.Entry?
        if entry.isTombstone {
            before = table.remove(key)
        } else {
            let created = entry.birth ?? table[key]?.created ?? entry.timestamp
            before = table.set(key, KeyTable.Entry(latest: offset, created: created))
            live.insert(offset)
        }
        if let before {
            live.remove(before.latest)
            lists.holdBack(before.latest, for: offset, max: bounds.heldBackMax)
        }
        note(before.map { .at($0.latest) } ?? .nothing, at: offset)
    }

    /// Passes over offsets that hold no record; where records were lost, the history begins anew behind them.
    mutating func skip(to offset: Offset, isLoss: Bool = false) {
        guard offset > version else { return }
        // A hole as large as that is none that a log has by itself, and would only be walked to be forgotten.
        if isLoss || offset - history.end > Int64(bounds.historyRecordsMax) {
            history.restart(at: max(offset, history.floor))
        }
        while history.end < offset { history.append(.nothing) }
        version = offset
    }

    /// Records that were not applied are damaged, and may be whole again another time.
    mutating func notePassedDamage() {
        hasPassedDamage = true
    }

    /// The log's first records are gone: their keys are, too, and versions before are not to be had.
    mutating func removePrefix(below start: Offset) {
        guard live.next(from: .zero).map({ $0 < start }) == true else { return history.raiseFloor(to: start) }
        table.removeAll(below: start)
        live.removeAll(below: start)
        lists.expireAll()
        history.raiseFloor(to: start)
    }

    /// Whether compaction has removed tombstones behind the index's version, of keys that may stand in it.
    ///
    /// It would never hear of them, and so must be made anew.
    func mayMiss(_ removed: RemovedTombstones) -> Bool { removed.mayBeMissed(beyond: version, since: begun) }

    /// Compaction has removed versions: whoever watches from below would miss them.
    mutating func raiseHistoryFloor(to offset: Offset) {
        history.raiseFloor(to: offset)
    }

    private mutating func note(_ previous: VersionHistory.Version, at offset: Offset) {
        // Below the floor nothing is remembered: a watch cannot begin there.
        if offset == history.end { history.append(previous) }
    }

    // MARK: Looking

    /// Where the latest record of a key stands, and when the key came into being.
    func latest(of key: UnsafeRawBufferPointer) -> KeyTable.Entry? { table[hash.hash(key)] }

    /// The version before a record; nil where it is not known any more.
    func previous(of offset: Offset) -> VersionHistory.Version? { history.previous(of: offset) }

    /// The first item at or behind an offset.
    func nextItem(from offset: Offset) -> Offset? { live.next(from: offset) }

    // MARK: Lists

    /// Opens a list of the state as it is now.
    mutating func openList(_ list: OpenLists.ID, until deadline: MonotonicInstant) {
        lists.open(list, at: version, until: deadline)
    }

    /// The first item of a list at or behind an offset: as it was when the list was opened.
    ///
    /// - Returns: nil at its end; the outer nil where the list has expired, or was never opened.
    func nextItem(of list: OpenLists.ID, from offset: Offset) -> Offset?? {
        guard let version = lists.version(of: list) else { return nil }
        let current = live.next(from: offset).flatMap { $0 < version ? $0 : nil }
        let held = lists.nextItem(of: list, from: offset)
        guard let current, let held else { return .some(current ?? held) }
        return .some(min(current, held))
    }

    /// The version that a list shows.
    func version(of list: OpenLists.ID) -> Offset? { lists.version(of: list) }

    /// Notes that a list is being read: one that nobody reads makes room first.
    mutating func useList(_ list: OpenLists.ID) {
        lists.use(list)
    }

    /// Closes lists whose time is over, and one that nobody reads on.
    mutating func closeLists(at now: MonotonicInstant, finished: OpenLists.ID? = nil) {
        lists.close(at: now, finished: finished)
    }
}
