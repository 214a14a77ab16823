import RecordFormat

/// What a record of `__consumer_offsets` is about.
///
/// Every key begins with an int16 version that tells its kind. Version 1 is Kafka's own `OffsetCommitKey`, byte for
/// byte; ours begin at 1000, which Kafka's tools skip as unknown. All integers are big-endian; `string` is an int16
/// length and so many bytes of UTF-8. Names outside of the default namespace are written `namespace/name`.
///
/// ```
/// offset commit   int16 1     | string group | string topic | int32 partition
/// group           int16 1000  | string group
/// member          int16 1001  | string group | string member
/// partition       int16 1002  | string group | string topic | int32 partition
/// ```
enum GroupRecordKey: Hashable, Sendable {
    case offsetCommit(GroupName, TopicPartition)
    case group(GroupName)
    case member(GroupName, MemberID)
    case partition(GroupName, TopicPartition)

    private enum Version {
        static let offsetCommit: Int16 = 1
        static let group: Int16 = 1000
        static let member: Int16 = 1001
        static let partition: Int16 = 1002
    }

    var encoded: [UInt8] {
        var writer = GroupRecordWriter()
        switch self {
        case .offsetCommit(let group, let partition):
            Self.write(partition, of: group, version: Version.offsetCommit, to: &writer)
        case .group(let group):
            writer.write(Version.group)
            writer.write(group.description)
        case .member(let group, let member):
            writer.write(Version.member)
            writer.write(group.description)
            writer.write(member.value)
        case .partition(let group, let partition):
            Self.write(partition, of: group, version: Version.partition, to: &writer)
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(GroupRecordError) {
        var reader = GroupRecordReader(bytes, part: .key)
        let version = try reader.read(Int16.self)
        switch version {
        case Version.offsetCommit:
            self = .offsetCommit(try reader.readGroupName(), try reader.readTopicPartition())
        case Version.group:
            self = .group(try reader.readGroupName())
        case Version.member:
            self = .member(try reader.readGroupName(), MemberID(try reader.readString()))
        case Version.partition:
            self = .partition(try reader.readGroupName(), try reader.readTopicPartition())
        default:
            throw reader.error(.unknownVersion(version))
        }
        try reader.end()
    }

    private static func write(
        _ partition: TopicPartition,
        of group: GroupName,
        version: Int16,
        to writer: inout GroupRecordWriter
    ) {
        writer.write(version)
        writer.write(group.description)
        writer.write(partition.topic.description)
        writer.write(partition.partition.value)
    }
}
