import RecordFormat

/// A committed offset, in the bytes of Kafka's `OffsetCommitValue` version 3.
///
/// ```
/// int16 3 | int64 offset | int32 leader epoch, -1 | string metadata | int64 commit timestamp in ms
/// ```
/// Kafka's version has no place for the topic's id: the partition record beside it has (`PartitionValue`).
struct OffsetCommitValue: Hashable, Sendable {
    var offset: Offset
    var metadata: String
    var timestamp: Timestamp

    private static let version: Int16 = 3

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        writer.write(Self.version)
        writer.write(offset.value)
        writer.write(Int32(-1))
        writer.write(metadata)
        writer.write(timestamp.millisecondsSinceEpoch)
        return writer.bytes
    }

    init(offset: Offset, metadata: String = "", timestamp: Timestamp) {
        self.offset = offset
        self.metadata = metadata
        self.timestamp = timestamp
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .value)
        let version = try reader.read(Int16.self)
        guard version == Self.version else { throw reader.error(.unknownVersion(version)) }
        offset = Offset(try reader.readCount("offset"))
        _ = try reader.read(Int32.self)
        metadata = try reader.readString()
        timestamp = Timestamp(millisecondsSinceEpoch: try reader.read(Int64.self))
        try reader.end()
    }
}
