/// Lines of a streamed body that are on stable storage.
public struct LineReceipt: Sendable, Hashable {
    /// The lines, counted from 1; blank ones are among them.
    public let lines: ClosedRange<Int>
    /// How many records they were.
    public let records: Int
    /// Where the records are, partition by partition, in the order of their lines.
    public let ranges: [ProducedRange]
}

extension LineReceipt: Decodable {
    private enum CodingKeys: String, CodingKey {
        case lines, count, partitions
    }

    /// Decodes a receipt's line.
    public init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        let ends = try line.decode([Int].self, forKey: .lines)
        guard ends.count == 2, ends[0] <= ends[1] else {
            throw DecodingError.dataCorruptedError(forKey: .lines, in: line, debugDescription: "not first and last")
        }
        lines = ends[0]...ends[1]
        records = try line.decode(Int.self, forKey: .count)
        ranges = try line.decode([ProducedRange].self, forKey: .partitions)
    }
}

/// How a streamed body ended.
public struct LineStreamEnd: Sendable, Hashable, Decodable {
    /// Why: `end`, `drain`, `timeout`, `error` and others.
    public let reason: String
    /// Whether going on in another request makes sense.
    public let reconnect: Bool
    /// The least delay before that, in milliseconds.
    public let retryAfterMs: Int64
    /// The last line that is stored: go on with the next one.
    public let lines: Int
    /// How many records are stored.
    public let records: Int

    private enum CodingKeys: String, CodingKey {
        case reason, reconnect, retryAfterMs, lines
        case records = "count"
    }
}
