/// What must hold of all tenures of a group's partitions, whatever its workers went through.
struct TenureChecks {
    /// What was found wrong; empty if all is as promised.
    private(set) var flaws: [String] = []
    /// How many records came in all.
    private(set) var deliveries = 0
    /// How many came for the second time, or more often.
    private(set) var duplicates = 0

    /// - Parameter ends: Where each partition ends; everything below was to be delivered and committed.
    init(_ tenures: [Tenure], ends: [Int32: Int64]) {
        for (partition, end) in ends.sorted(by: { $0.key < $1.key }) {
            check(partition, end, tenures.filter { $0.partition == partition })
        }
    }

    /// One owner an epoch; each begins where the commits of those before it ended, and nobody beyond what was asked for.
    private mutating func check(_ partition: Int32, _ end: Int64, _ tenures: [Tenure]) {
        let ordered = tenures.sorted { ($0.epoch, $0.index) < ($1.epoch, $1.index) }
        for (epoch, owners) in Dictionary(grouping: ordered, by: \.epoch) where Set(owners.map(\.worker)).count > 1 {
            flaws.append("partition \(partition), epoch \(epoch): owned by \(Set(owners.map(\.worker)).sorted())")
        }
        var confirmed: Int64 = 0
        var asked: Int64 = 0
        var delivered: Int64 = 0
        for tenure in ordered {
            let name = "partition \(partition), epoch \(tenure.epoch) of \(tenure.worker)"
            if tenure.start < confirmed {
                flaws.append("\(name): begins at \(tenure.start), committed was \(confirmed)")
            }
            if tenure.start > asked {
                flaws.append("\(name): begins at \(tenure.start), nobody committed above \(asked)")
            }
            for commit in tenure.commits {
                asked = max(asked, commit.offset)
                if commit.isConfirmed { confirmed = max(confirmed, commit.offset) }
            }
            deliveries += tenure.count
            delivered = max(delivered, tenure.end)
        }
        if delivered != end { flaws.append("partition \(partition): delivered up to \(delivered), its end is \(end)") }
        duplicates += ordered.reduce(0) { $0 + $1.count } - Int(delivered)
    }
}
