import RecordFormat

/// Who holds a partition of a group, and which topic is meant by its name.
///
/// ```
/// int16 0 | 16 bytes topic id | int64 partition epoch
///         | int8 0 free | 1 owned | 2 revoking | 3 draining
///   owned, revoking, draining:  string owner
///   revoking, draining:         int64 delivered, -1 where unknown | int64 deadline, wall clock in ms
/// ```
/// Delivery is soft state while a partition is owned. Once nothing more is delivered it stands still, and is kept, so
/// that a hand-over begun before a restart ends with the same commit after it.
struct PartitionValue: Hashable, Sendable {
    struct Holder: Hashable, Sendable {
        var owner: MemberID
        var phase: Phase
    }

    enum Phase: Hashable, Sendable {
        case owned
        case revoking(delivered: Offset?, until: Timestamp)
        case draining(delivered: Offset?, until: Timestamp)
    }

    var topicID: TopicID
    var epoch: PartitionEpoch
    var holder: Holder?

    private static let version: Int16 = 0

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        writer.write(Self.version)
        writer.write(topicID)
        writer.write(epoch.value)
        guard let holder else {
            writer.write(PartitionPhase.free.rawValue)
            return writer.bytes
        }
        switch holder.phase {
        case .owned:
            writer.write(PartitionPhase.owned.rawValue)
            writer.write(holder.owner.value)
        case .revoking(let delivered, let until):
            writer.write(PartitionPhase.revoking.rawValue)
            Self.write(holder.owner, delivered, until, to: &writer)
        case .draining(let delivered, let until):
            writer.write(PartitionPhase.draining.rawValue)
            Self.write(holder.owner, delivered, until, to: &writer)
        }
        return writer.bytes
    }

    init(topicID: TopicID, epoch: PartitionEpoch, holder: Holder?) {
        self.topicID = topicID
        self.epoch = epoch
        self.holder = holder
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .value)
        let version = try reader.read(Int16.self)
        guard version == Self.version else { throw reader.error(.unknownVersion(version)) }
        topicID = try reader.readTopicID()
        epoch = PartitionEpoch(try reader.readCount("partition epoch"))
        holder = try Self.readHolder(from: &reader)
        try reader.end()
    }

    private static func write(
        _ owner: MemberID,
        _ delivered: Offset?,
        _ until: Timestamp,
        to writer: inout GroupRecordWriter
    ) {
        writer.write(owner.value)
        writer.write(delivered?.value ?? -1)
        writer.write(until.millisecondsSinceEpoch)
    }

    private static func readHolder(from reader: inout GroupRecordReader) throws(GroupRecordError) -> Holder? {
        let tag = try reader.read(UInt8.self)
        guard let phase = PartitionPhase(rawValue: tag) else {
            throw reader.error(.invalidField("has an unknown phase, \(tag)"))
        }
        guard phase != .free else { return nil }
        let owner = MemberID(try reader.readString())
        guard phase != .owned else { return Holder(owner: owner, phase: .owned) }
        let number = try reader.read(Int64.self)
        guard number >= -1 else { throw reader.error(.invalidField("has a negative offset")) }
        let delivered = number == -1 ? nil : Offset(number)
        let until = Timestamp(millisecondsSinceEpoch: try reader.read(Int64.self))
        return Holder(
            owner: owner,
            phase: phase == .revoking
                ? .revoking(delivered: delivered, until: until) : .draining(delivered: delivered, until: until)
        )
    }
}
