import GroupCoordination
import RecordFormat

/// A state of the search: the shard, what three clients believe, and what the oracle knows.
///
/// The log is not part of it: what is durable is what the shard says is stored (`ExplorationStep.checkLog`). Nor is a
/// queue: until an outcome is durable nobody is told of it, so that a crash which takes back a queue of any length leads
/// where a crash before the first of it leads; the random schedules explore that nothing is told too early.
struct ExploredState: Sendable {
    /// One client: what it knows of itself.
    struct Client: Sendable {
        var member: MemberID?
        var connection: ConnectionID?
        /// The epochs it believes to own the partitions in.
        var believed: [PartitionEpoch?]
        let instance: String?
    }

    var shard: GroupShard
    /// The group as it stands.
    private(set) var description: GroupDescription?
    var oracle: GroupOracle
    var clients: [Client]
    var time: Int64 = 0
    var lastID: UInt64 = 0
    /// Members whose deliveries this process has not seen.
    var unseen: Set<MemberID> = []
    /// What is stored before the next step, to hold against what is stored after it; `nil` where nobody looks.
    var stored: [[UInt8]: [UInt8]]?
    /// How the search came here.
    var path: [ExploredAction] = []

    static let group = GroupName.of("g")
    static let topic = GroupTopicDescription(name: TopicName.of("t"), id: TopicID(high: 1, low: 1), partitionCount: 4)
    static let wallAtStart: Int64 = 1_700_000_000_000

    /// Nobody is there.
    init(_ configuration: GroupConfiguration, staticClients: Int) {
        shard = GroupShard(configuration: configuration)
        oracle = GroupOracle(
            commitTimeout: configuration.commitTimeoutMilliseconds,
            sessionTimeout: configuration.sessionTimeoutMilliseconds
        )
        clients = (0..<3).map { index in
            let isStatic = index >= 3 - staticClients
            return Client(
                believed: Array(repeating: nil, count: Int(Self.topic.partitionCount)),
                instance: isStatic ? "pod-\(index)" : nil
            )
        }
        for index in 0..<Self.topic.partitionCount { oracle.begun.insert(Self.partition(Int(index))) }
    }

    var wall: Int64 { Self.wallAtStart + time }

    var now: GroupNow {
        GroupNow(monotonicMilliseconds: time, wall: Timestamp(millisecondsSinceEpoch: wall))
    }

    static func partition(_ index: Int) -> TopicPartition {
        TopicPartition(topic.name, PartitionIndex(Int32(index)))
    }

    /// Looks at the group again.
    mutating func look() {
        description = shard.describe(Self.group)
    }

    mutating func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }
}
