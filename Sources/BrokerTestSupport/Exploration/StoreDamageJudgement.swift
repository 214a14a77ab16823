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

    mutating func compare(
        _ found: StoreDamageExplorer.ServedBatch?,
        with expected: StoreDamageExplorer.ServedBatch,
        _ key: PartitionKey
    ) {
        guard found != expected else { return }
        if let found, found.base == expected.base, found.checked == expected.checked {
            outcome = .leaderEpoch
        } else if damage.swapsSegments, damage.partitions?.contains(key) == true {
            outcome = .otherSegment
        } else {
            let text = "\(damage): partition \(key) serves other bytes at offset \(expected.base)"
            flaws.append(StoreFlaw(.wrongBytes, text))
        }
    }
}
