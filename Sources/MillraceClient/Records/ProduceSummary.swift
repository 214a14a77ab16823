/// What was appended of one partition: offsets `first ..< end`, where other producers' records may lie between.
public struct ProducedRange: Sendable, Hashable, Decodable {
    /// The partition.
    public let partition: Int32
    /// The first record's offset.
    public let first: Int64
    /// One past the last record's offset.
    public let end: Int64

    private enum CodingKeys: String, CodingKey {
        case partition
        case first = "baseOffset"
        case end = "endOffset"
    }

    /// One range a partition, sorted, spanning both lists.
    static func merging(_ left: [ProducedRange], _ right: [ProducedRange]) -> [ProducedRange] {
        var ranges: [Int32: ProducedRange] = [:]
        for range in left + right {
            let known = ranges[range.partition] ?? range
            ranges[range.partition] = ProducedRange(
                partition: range.partition,
                first: min(known.first, range.first),
                end: max(known.end, range.end)
            )
        }
        return ranges.values.sorted { $0.partition < $1.partition }
    }
}

/// What became of the records of one call: all of them are on stable storage.
public struct ProduceSummary: Sendable, Hashable {
    /// How many records were stored.
    public var records: Int
    /// The ranges, one a partition.
    public var ranges: [ProducedRange]
}
