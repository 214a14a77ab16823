import RecordFormat
import SegmentStore

/// What one damage did, partition by partition.
struct StoreDamageJudgement {
    private let damage: StoreDamage
    private let isUnproven: Bool
    private var outcome = StoreDamageOutcome.harmless
    private var flaws: [StoreFlaw] = []

    init(_ damage: StoreDamage, isUnproven: Bool) {
        self.damage = damage
        self.isUnproven = isUnproven
    }

    var result: (outcome: StoreDamageOutcome, flaws: [StoreFlaw]) {
        (flaws.isEmpty ? outcome : .wrong, flaws)
    }

    /// Whether neither the start nor a read has noticed it.
    var isUnnoticed: Bool {
        flaws.isEmpty && [.harmless, .leaderEpoch, .compactedOffset, .otherSegment].contains(outcome)
    }

    /// Notes by what it was found after all.
    mutating func found(by closer: StoreDamageOutcome?) {
        guard outcome == .compactedOffset else {
            if let closer { outcome = closer }
            return
        }
        // A wrong offset is an exception only because a scrub and `log verify` find it.
        if closer == nil {
            flaws.append(StoreFlaw(.wrongBytes, "\(damage): a wrong offset is served, and nothing finds it"))
        }
    }

    /// Notes that the damage was noticed: only where it is.
    mutating func note(_ found: StoreDamageOutcome, of key: PartitionKey) {
        if let owners = damage.partitions, !owners.contains(key) {
            flaws.append(StoreFlaw(.spreadDamage, "\(damage): \(found.rawValue) in partition \(key)"))
        }
        if outcome == .harmless { outcome = found }
    }

    mutating func lost(_ key: PartitionKey, _ text: String) {
        flaws.append(StoreFlaw(.lostRecord, "\(damage): partition \(key): \(text)"))
    }

    /// An acknowledged batch that is not there, and nobody says so.
    mutating func absent(_ key: PartitionKey, _ base: Offset) {
        guard isUnproven, damage.path == "journal" else { return lost(key, "offset \(base) is silently gone") }
        outcome = .unprovenFrame
    }

    /// - Parameters:
    ///   - known: what the partition's batches hold, wherever they stand.
    ///   - isSetAside: whether the start has noticed; nothing of another's segment is served then.
    mutating func compare(
        _ found: StoreDamageExplorer.ServedBatch?,
        with expected: StoreDamageExplorer.ServedBatch,
        _ key: PartitionKey,
        of known: Set<[UInt8]>,
        isSetAside: Bool
    ) {
        guard found != expected else { return }
        if let found, found.base == expected.base, found.checked == expected.checked {
            outcome = .leaderEpoch
        } else if damage.swapsSegments, !isSetAside, damage.partitions?.contains(key) == true {
            outcome = .otherSegment
        } else if let found, damage.isInCompactedLog, known.contains(found.content) {
            outcome = .compactedOffset
        } else {
            let text = "\(damage): partition \(key) serves other bytes at offset \(expected.base)"
            flaws.append(StoreFlaw(.wrongBytes, text))
        }
    }
}
