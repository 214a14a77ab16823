/// A record for `__consumer_offsets`: a key, and a value or `nil` for a tombstone.
public struct GroupRecord: Hashable, Sendable {
    /// What the record is about; the latest record of a key counts.
    public let key: [UInt8]
    /// What is said about it; `nil` ends it.
    public let value: [UInt8]?

    /// Makes a record from bytes.
    public init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}
