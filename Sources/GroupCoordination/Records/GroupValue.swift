import RecordFormat

/// What a group is, apart from its members and partitions.
///
/// ```
/// int16 0 | int64 group epoch | int64 last partition epoch | int64 commit timeout in ms
///         | int8 start kind | int64 start argument | int32 topic count | topics, sorted by name
/// topic:    string name | int8 1 and 16 bytes id, or int8 0 where the topic was deleted | int32 partition count
/// start:    0 earliest | 1 latest | 2 time, in ms | 3 before the end, records | 4 offset   (argument 0 where unused)
/// ```
/// The last partition epoch stands here, and not only in the partitions' records, because those go with a topic.
struct GroupValue: Hashable, Sendable {
    struct Topic: Hashable, Sendable {
        var name: TopicName
        var id: TopicID?
        var partitionCount: Int32
    }

    var epoch: GroupEpoch
    var lastPartitionEpoch: PartitionEpoch
    var commitTimeoutMilliseconds: Int64
    var start: StartPosition
    var topics: [Topic]

    private static let version: Int16 = 0

    /// The shortest topic: an empty name, no id, a count.
    ///
    /// Bounds what a count may claim before memory is taken for it.
    private static let topicBytesMin = 7

    /// More partitions than any topic may have; a larger count is damage, not a topic.
    private static let partitionCountMax: Int32 = 1_000_000

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        writer.write(Self.version)
        writer.write(epoch.value)
        writer.write(lastPartitionEpoch.value)
        writer.write(commitTimeoutMilliseconds)
        Self.write(start, to: &writer)
        writer.write(Int32(topics.count))
        for topic in topics {
            writer.write(topic.name.description)
            writer.write(Int8(topic.id == nil ? 0 : 1))
            if let id = topic.id { writer.write(id) }
            writer.write(topic.partitionCount)
        }
        return writer.bytes
    }

    init(
        epoch: GroupEpoch,
        lastPartitionEpoch: PartitionEpoch,
        commitTimeoutMilliseconds: Int64,
        start: StartPosition,
        topics: [Topic]
    ) {
        self.epoch = epoch
        self.lastPartitionEpoch = lastPartitionEpoch
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
        self.start = start
        self.topics = topics
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .value)
        let version = try reader.read(Int16.self)
        guard version == Self.version else { throw reader.error(.unknownVersion(version)) }
        epoch = GroupEpoch(try reader.readCount("group epoch"))
        lastPartitionEpoch = PartitionEpoch(try reader.readCount("partition epoch"))
        commitTimeoutMilliseconds = try reader.readCount("commit timeout")
        start = try Self.readStart(from: &reader)
        topics = try Self.readTopics(from: &reader)
        try reader.end()
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
        switch try reader.read(Int8.self) {
        case 0: id = nil
        case 1: id = try reader.readTopicID()
        case let flag: throw reader.error(.invalidField("has an unknown flag, \(flag)"))
        }
        let partitionCount = try reader.read(Int32.self)
        guard (0...partitionCountMax).contains(partitionCount) else {
            throw reader.error(.invalidField("claims \(partitionCount) partitions"))
        }
        return Topic(name: name, id: id, partitionCount: partitionCount)
    }
}
