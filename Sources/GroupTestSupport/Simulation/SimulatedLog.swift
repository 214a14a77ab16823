import GroupCoordination
import RecordFormat

/// The log of a shard as its owner sees it: what is queued is durable later, and lost from some place on at a crash.
///
/// An outcome's records are one unit: all of them are kept, or none. Replies and events are given out when their outcome
/// and all before it are durable.
struct SimulatedLog: Sendable {
    /// What is known of an outcome besides what it says: to go back to it at a crash.
    struct Marks: Sendable {
        var leases: [TopicPartition: Int64] = [:]
        var emptySince: Timestamp?
    }

    /// An outcome that waits to become durable.
    struct Queued: Sendable {
        let outcome: GroupOutcome
        var marks: Marks
    }

    /// The latest value of each key that is durable.
    private(set) var table: [[UInt8]: [UInt8]] = [:]
    private(set) var durable: [GroupRecord] = []
    private(set) var marks = Marks()
    private(set) var queued: [Queued] = []

    mutating func queue(_ outcome: GroupOutcome, _ marks: Marks) {
        queued.append(Queued(outcome: outcome, marks: marks))
    }

    /// Notes what is known as of what was queued last.
    mutating func mark(_ marks: Marks) {
        guard !queued.isEmpty else { return }
        queued[queued.count - 1].marks = marks
    }

    /// Makes the first so many of what is queued durable, and returns them.
    mutating func flush(_ count: Int) -> [Queued] {
        let kept = Array(queued.prefix(count))
        for entry in kept { keep(entry.outcome.records) }
        marks = kept.last?.marks ?? marks
        queued.removeFirst(count)
        return kept
    }

    /// Makes a part of the first outcome durable: what never happens.
    mutating func tear() {
        guard let first = queued.first, first.outcome.records.count > 1 else { return }
        keep(Array(first.outcome.records.dropLast(first.outcome.records.count / 2)))
    }

    /// Forgets what is queued.
    mutating func crash() {
        queued = []
    }

    /// The latest value of each key when all that is queued will be durable.
    var tableWithQueued: [[UInt8]: [UInt8]] {
        var table = table
        for record in queued.flatMap(\.outcome.records) { table[record.key] = record.value }
        return table
    }

    /// The latest value of each key.
    static func table(of records: [GroupRecord]) -> [[UInt8]: [UInt8]] {
        var table: [[UInt8]: [UInt8]] = [:]
        for record in records { table[record.key] = record.value }
        return table
    }

    private mutating func keep(_ records: [GroupRecord]) {
        durable += records
        for record in records { table[record.key] = record.value }
    }
}

extension GroupShard {
    /// A shard that is read from a log, and what it asks for after that.
    package init(
        replaying records: some Sequence<GroupRecord>,
        _ configuration: GroupConfiguration,
        now: GroupNow
    ) throws(GroupRecordError) {
        self.init(configuration: configuration)
        for record in records { try replay(key: record.key, value: record.value, now: now) }
    }
}
