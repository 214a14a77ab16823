import RecordFormat

/// A member of a group.
///
/// ```
/// int16 0 | int8 0 member, or 1 gone: its session is over, but it still drains partitions
///         | int64 member epoch | string instance, length -1 where it has none | int64 joined at, in ms
/// ```
struct MemberValue: Hashable, Sendable {
    var isGone: Bool
    var epoch: MemberEpoch
    var instance: String?
    var joinedAt: Timestamp

    private static let version: Int16 = 0

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        writer.write(Self.version)
        writer.write(Int8(isGone ? 1 : 0))
        writer.write(epoch.value)
        writer.write(instance)
        writer.write(joinedAt.millisecondsSinceEpoch)
        return writer.bytes
    }

    init(isGone: Bool, epoch: MemberEpoch, instance: String?, joinedAt: Timestamp) {
        self.isGone = isGone
        self.epoch = epoch
        self.instance = instance
        self.joinedAt = joinedAt
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .value)
        let version = try reader.read(Int16.self)
        guard version == Self.version else { throw reader.error(.unknownVersion(version)) }
        switch try reader.read(Int8.self) {
        case 0: isGone = false
        case 1: isGone = true
        case let flag: throw reader.error(.invalidField("has an unknown state, \(flag)"))
        }
        epoch = MemberEpoch(try reader.readCount("member epoch"))
        instance = try reader.readOptionalString()
        joinedAt = Timestamp(millisecondsSinceEpoch: try reader.read(Int64.self))
        try reader.end()
    }
}
