import RecordFormat

/// Which shard a group belongs to.
extension GroupShard {
    /// The shard of a group, out of so many: Kafka's own rule for the partitions of `__consumer_offsets`.
    ///
    /// It is Java's `String.hashCode` over UTF-16, its sign bit cleared, modulo the count; fixed for ever, as is the
    /// count in a data directory.
    public static func index(of group: GroupName, count: Int) -> Int {
        precondition(count > 0, "a broker has at least one coordinator shard")
        let hash = group.description.utf16.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
        return Int(hash & Int32.max) % count
    }
}
