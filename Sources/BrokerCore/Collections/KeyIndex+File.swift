import DequeModule
import RecordFormat
import SegmentStore

/// What is written down of an index, so that a start need not read the whole log.
///
/// It is where the latest record of each key stands, and the history. Open lists do not outlive the process.
struct KeyIndexSnapshot: Sendable {
    private let table: KeyTable
    private let history: VersionHistory
    /// Every record before it is counted.
    let version: Offset
    /// The next compaction's number when the first record was read.
    private let begun: UInt64

    fileprivate init(_ table: KeyTable, _ history: VersionHistory, _ version: Offset, begun: UInt64) {
        self.table = table
        self.history = history
        self.version = version
        self.begun = begun
    }

    /// The bytes of the file that it makes, nearly.
    var bytes: Int { table.count * 32 + history.count * 4 }

    /// Writes it beside the log.
    ///
    /// - Parameter check: tells which secret the keys were hashed with.
    /// - Returns: whether it was written.
    func save(in store: LogStore, of key: PartitionKey, check: SipHash.Value) -> Bool {
        let facts = KeyIndexFacts(
            version: version,
            begun: begun,
            historyFloor: history.floor,
            keyCount: table.count,
            distanceCount: history.count,
            check: KeyIndexHash(check)
        )
        return store.saveKeyIndex(of: key, facts) { writer throws(FileError) in
            try table.forEachKey { hash, entry throws(FileError) in
                let row = KeyIndexRow(hash: KeyIndexHash(hash), latest: entry.latest, created: entry.created)
                try writer.append(row)
            }
            try history.forEachDistance { distance throws(FileError) in try writer.append(distance: distance) }
        }
    }
}

extension KeyIndex {
    /// What there is to be written down; nil when damage was passed over, which another reading may find mended.
    ///
    /// It shares what it holds with the index, which is copied with the next change: 45 to 90 bytes a key for as long as the
    /// writing takes.
    var snapshot: KeyIndexSnapshot? {
        hasPassedDamage ? nil : KeyIndexSnapshot(table, history, version, begun: begun)
    }

    /// Reads what was written down last.
    ///
    /// - Returns: nil when it was made with another secret, is damaged, or cannot be an index.
    init?(_ reader: KeyIndexReader, check: SipHash.Value, hash: SipHash, bounds: Bounds) {
        let facts = reader.facts
        guard facts.check == KeyIndexHash(check) else { return nil }
        var table = KeyTable(capacity: facts.keyCount)
        var offsets: [Int64] = []
        offsets.reserveCapacity(facts.keyCount)
        var distances = Deque<UInt32>()
        distances.reserveCapacity(facts.distanceCount)
        do {
            try reader.forEachKey { row in
                table.set(SipHash.Value(row.hash), KeyTable.Entry(latest: row.latest, created: row.created))
                offsets.append(row.latest.value)
            }
            try reader.forEachDistance { distances.append($0) }
        } catch {
            return nil
        }
        offsets.sort()
        let history = VersionHistory(
            from: facts.historyFloor,
            distances: distances,
            recordsMax: bounds.historyRecordsMax
        )
        guard table.count == facts.keyCount, Self.areOffsets(offsets, below: facts.version),
            history.end == max(facts.version, facts.historyFloor)
        else { return nil }
        self.init(
            table,
            OffsetSet(rising: offsets),
            history,
            version: facts.version,
            begun: facts.begun,
            hash: hash,
            bounds: bounds
        )
    }

    private static func areOffsets(_ offsets: [Int64], below end: Offset) -> Bool {
        guard let first = offsets.first, let last = offsets.last else { return true }
        return first >= 0 && last < end.value && zip(offsets, offsets.dropFirst()).allSatisfy { $0 < $1 }
    }
}

extension KeyIndexHash {
    fileprivate init(_ hash: SipHash.Value) {
        self.init(low: hash.low, high: hash.high)
    }
}

extension SipHash.Value {
    fileprivate init(_ hash: KeyIndexHash) {
        self.init(low: hash.low, high: hash.high)
    }
}

extension SipHash {
    /// A hash that tells this secret from another.
    func check(of key: PartitionKey) -> Value {
        let text = "\(key.topic.hex)/\(key.partition.value)"
        return Array(text.utf8).withUnsafeBytes { hash($0) }
    }
}
