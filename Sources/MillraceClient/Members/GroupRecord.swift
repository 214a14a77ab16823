/// A record that a group handed to its member, and the epoch of the ownership under which it did.
///
/// All properties of the ``ReceivedRecord`` are its own: `record.topic`, `record.key`.
@dynamicMemberLookup
public struct GroupRecord: Sendable {
    /// The record.
    public let record: ReceivedRecord
    /// The epoch of the ownership: a commit for this record lands only while it is current.
    public let epoch: Int64

    /// A property of the record.
    public subscript<Value>(dynamicMember path: KeyPath<ReceivedRecord, Value>) -> Value { record[keyPath: path] }

    /// Decodes the value.
    /// - Throws: what `JSONDecoder` throws; also when the value is absent (a tombstone) or came as `valueBase64`.
    public func value<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try record.value(as: type)
    }

    /// What a commit of this record says: the next offset to read.
    var commitOffset: CommitOffset {
        CommitOffset(topic: record.topic, partition: record.partition, offset: record.offset + 1, epoch: epoch)
    }
}
