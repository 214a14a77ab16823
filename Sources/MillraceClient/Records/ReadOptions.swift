/// What to read of a topic, and from where.
public struct ReadOptions: Sendable, Hashable {
    /// `earliest`, `latest`, `-<n>` (so many before the end, per partition), an offset when `partition` is given, or a
    /// cursor that an earlier read answered.
    public var from: String
    /// The most records.
    public var limit: Int?
    /// Only this partition.
    public var partition: Int32?
    /// How long a page waits for its first record.
    public var wait: Duration?
    /// Where to end (exclusive): `latest`, `-<n>`, a time, an offset when `partition` is given, or a cursor.
    public var to: String?
    /// Which records: `value.state in (paid,shipped),!headers.test`.
    public var filter: String?
    /// Which parts of their values: JSON pointers, joined with commas.
    public var fields: String?

    /// Creates options.
    public init(
        from: String = "earliest",
        limit: Int? = nil,
        partition: Int32? = nil,
        wait: Duration? = nil,
        to: String? = nil,
        filter: String? = nil,
        fields: String? = nil
    ) {
        self.from = from
        self.limit = limit
        self.partition = partition
        self.wait = wait
        self.to = to
        self.filter = filter
        self.fields = fields
    }

    func target(topic: String, watch: Bool) -> String {
        var query: [(name: String, value: String?)] = [
            ("limit", limit.map { String($0) }),
            ("wait", wait.map { "\($0.components.seconds)s" }),
            ("watch", watch ? "true" : nil),
            ("to", to),
            ("filter", filter),
            ("fields", fields),
        ]
        guard let partition else {
            query.append(("from", from))
            return ServerAddress.target(["v1", "topics", topic, "records"], query: query)
        }
        query.append((Int64(from) != nil && !from.hasPrefix("-") ? "offset" : "from", from))
        return ServerAddress.target(["v1", "topics", topic, "partitions", String(partition), "records"], query: query)
    }
}
