/// A record to append; a nil value is a tombstone.
public struct NewRecord<Value: Encodable & Sendable>: Sendable, Encodable {
    /// The key; it picks the partition, unless one is named.
    public var key: String?
    /// The value.
    public var value: Value?
    /// The headers.
    public var headers: [String: String]?
    /// The partition.
    public var partition: Int32?

    /// Creates a record.
    public init(key: String? = nil, value: Value?, headers: [String: String]? = nil, partition: Int32? = nil) {
        self.key = key
        self.value = value
        self.headers = headers
        self.partition = partition
    }
}
