import RecordFormat

/// What a group is, apart from its members and partitions.
///
/// ```
/// int16 1 | int64 group epoch | int64 last partition epoch | int64 commit timeout in ms
///         | int64 session timeout in ms | int32 most members | int64 time to live in ms, -1 for ever
///         | int64 without a member since, wall clock in ms, -1 while there is one
///         | int8 start kind | int64 start argument | int32 topic count | topics, sorted by name
/// topic:    string name | int8 1 and 16 bytes id, or int8 0 where the topic was deleted,
///           or int8 2 and 16 bytes id where it is off the list and its commits are kept | int32 partition count
/// start:    0 earliest | 1 latest | 2 time, in ms | 3 before the end, records | 4 offset   (argument 0 where unused)
/// ```
/// Version 0 has no fields from the session timeout to `without a member since`; the defaults stand in.
/// The last partition epoch stands here, and not only in the partitions' records, because those go with a topic.
struct GroupValue: Hashable, Sendable {
    struct Topic: Hashable, Sendable {
        var name: TopicName
        var id: TopicID?
        var partitionCount: Int32
        var isKept = false
    }

    var epoch: GroupEpoch
    var lastPartitionEpoch: PartitionEpoch
    var commitTimeoutMilliseconds: Int64
    /// What a record of version 0 does not say.
    var extras: Extras?
    var start: StartPosition
    var topics: [Topic]

    /// What came with version 1.
    struct Extras: Hashable, Sendable {
        var sessionTimeoutMilliseconds: Int64
        var membersMax: Int32
        var timeToLiveMilliseconds: Int64?
        var emptySince: Timestamp?
    }

    private static let version: Int16 = 1

    /// The shortest topic: an empty name, no id, a count.
    ///
    /// Bounds what a count may claim before memory is taken for it.
    private static let topicBytesMin = 7

    /// More partitions than any topic may have; a larger count is damage, not a topic.
    private static let partitionCountMax: Int32 = 1_000_000

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        writer.write(extras == nil ? 0 : Self.version)
        writer.write(epoch.value)
        writer.write(lastPartitionEpoch.value)
        writer.write(commitTimeoutMilliseconds)
        if let extras { Self.write(extras, to: &writer) }
        Self.write(start, to: &writer)
        writer.write(Int32(topics.count))
        for topic in topics {
            writer.write(topic.name.description)
            writer.write(Int8(topic.id == nil ? 0 : topic.isKept ? 2 : 1))
            if let id = topic.id { writer.write(id) }
            writer.write(topic.partitionCount)
        }
        return writer.bytes
    }

    init(
        epoch: GroupEpoch,
        lastPartitionEpoch: PartitionEpoch,
        commitTimeoutMilliseconds: Int64,
        extras: Extras? = nil,
        start: StartPosition,
        topics: [Topic]
    ) {
        self.epoch = epoch
        self.lastPartitionEpoch = lastPartitionEpoch
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
        self.extras = extras
        self.start = start
        self.topics = topics
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .value)
        let version = try reader.read(Int16.self)
        guard (0...Self.version).contains(version) else { throw reader.error(.unknownVersion(version)) }
        epoch = GroupEpoch(try reader.readCount("group epoch"))
        lastPartitionEpoch = PartitionEpoch(try reader.readCount("partition epoch"))
        commitTimeoutMilliseconds = try reader.readCount("commit timeout")
        extras = version == 0 ? nil : try Self.readExtras(from: &reader)
        start = try Self.readStart(from: &reader)
        topics = try Self.readTopics(from: &reader)
        try reader.end()
    }

    private static func write(_ extras: Extras, to writer: inout GroupRecordWriter) {
        writer.write(extras.sessionTimeoutMilliseconds)
        writer.write(extras.membersMax)
        writer.write(extras.timeToLiveMilliseconds ?? -1)
        writer.write(extras.emptySince?.millisecondsSinceEpoch ?? -1)
    }

    private static func readExtras(from reader: inout GroupRecordReader) throws(GroupRecordError) -> Extras {
        let sessionTimeout = try reader.readCount("session timeout")
        let membersMax = try reader.read(Int32.self)
        guard membersMax >= 1 else { throw reader.error(.invalidField("takes \(membersMax) members")) }
        let timeToLive = try reader.readOptionalCount("time to live")
        let emptySince = try reader.readOptionalCount("time without a member")
        return Extras(
            sessionTimeoutMilliseconds: sessionTimeout,
            membersMax: membersMax,
            timeToLiveMilliseconds: timeToLive,
            emptySince: emptySince.map { Timestamp(millisecondsSinceEpoch: $0) }
        )
    }

    private static func write(_ start: StartPosition, to writer: inout GroupRecordWriter) {
        let (kind, argument): (Int8, Int64) =
            switch start {
            case .earliest: (0, 0)
            case .latest: (1, 0)
            case .time(let time): (2, time.millisecondsSinceEpoch)
            case .beforeEnd(let count): (3, count)
            case .offset(let offset): (4, offset.value)
            }
        writer.write(kind)
        writer.write(argument)
    }

    private static func readStart(from reader: inout GroupRecordReader) throws(GroupRecordError) -> StartPosition {
        let kind = try reader.read(Int8.self)
        let argument = try reader.read(Int64.self)
        switch kind {
        case 0: return .earliest
        case 1: return .latest
        case 2: return .time(Timestamp(millisecondsSinceEpoch: argument))
        case 3: return .beforeEnd(argument)
        case 4: return .offset(Offset(argument))
        default: throw reader.error(.invalidField("has an unknown kind of start, \(kind)"))
        }
    }

    private static func readTopics(from reader: inout GroupRecordReader) throws(GroupRecordError) -> [Topic] {
        let count = Int(try reader.read(Int32.self))
        guard count >= 0, count <= reader.remaining / topicBytesMin else {
            throw reader.error(.invalidField("claims \(count) topics"))
        }
        var topics: [Topic] = []
        topics.reserveCapacity(count)
        for _ in 0..<count {
            topics.append(try readTopic(from: &reader, after: topics.last))
        }
        return topics
    }

    private static func readTopic(
        from reader: inout GroupRecordReader,
        after last: Topic?
    ) throws(GroupRecordError) -> Topic {
        let name = try reader.readTopicName()
        if let last, last.name >= name { throw reader.error(.invalidField("has topics out of order")) }
        let id: TopicID?
        var isKept = false
        switch try reader.read(Int8.self) {
        case 0: id = nil
        case 1: id = try reader.readTopicID()
        case 2:
            id = try reader.readTopicID()
            isKept = true
        case let flag: throw reader.error(.invalidField("has an unknown flag, \(flag)"))
        }
        let partitionCount = try reader.read(Int32.self)
        guard (0...partitionCountMax).contains(partitionCount) else {
            throw reader.error(.invalidField("claims \(partitionCount) partitions"))
        }
        return Topic(name: name, id: id, partitionCount: partitionCount, isKept: isKept)
    }
}
