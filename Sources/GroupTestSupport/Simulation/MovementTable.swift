import GroupCoordination
import RecordFormat

/// What adding and removing one of many members moves, on the machine itself.
public enum MovementTable {
    /// One line.
    public struct Row: Sendable {
        /// How many members there were before.
        public let memberCount: Int
        /// How many partitions they shared.
        public let partitionCount: Int
        /// How many partitions changed their owner when a member was added, and how many had to.
        public let added: (moved: Int, least: Int)
        /// How many of those that stayed lost something when a member left, and how many partitions the leaver had.
        public let removed: (moved: Int, least: Int)
        /// The difference of the largest and the smallest share, at its greatest.
        public let difference: Int

        /// Whether nothing moved that need not, and shares are as equal as can be.
        public var isMinimal: Bool { added.moved == added.least && removed.moved == removed.least && difference <= 1 }
    }

    /// The numbers of members that are tried.
    public static let memberCounts = [1, 2, 3, 5, 7, 10, 20, 33, 50, 64, 99, 100]

    /// A line for so many members.
    public static func row(memberCount: Int, partitionCount: Int32) -> Row {
        var group = MovingGroup(partitionCount: partitionCount)
        for member in 0..<memberCount { group.join("m\(member)") }
        group.settle()
        let before = group.owners
        group.join("new")
        group.settle()
        let grown = group.owners
        var difference = max(
            MovingGroup.difference(before, memberCount),
            MovingGroup.difference(grown, memberCount + 1)
        )
        var back = MovingGroup(partitionCount: partitionCount)
        for member in 0..<max(2, memberCount) { back.join("m\(member)") }
        back.settle()
        let full = back.owners
        let leaving = full.count { $0 == MemberID("m0") }
        back.leave("m0")
        back.settle()
        let shrunk = back.owners
        difference = max(difference, MovingGroup.difference(shrunk, max(2, memberCount) - 1))
        return Row(
            memberCount: memberCount,
            partitionCount: Int(partitionCount),
            added: (zip(before, grown).count { $0 != $1 }, Int(partitionCount) / (memberCount + 1)),
            removed: (zip(full, shrunk).count { $0 != $1 }, leaving),
            difference: difference
        )
    }
}

/// A group without records, whose members only come and go.
private struct MovingGroup {
    private static let name = GroupName.of("moving")
    private var shard = GroupShard(configuration: GroupConfiguration())
    private var time: Int64 = 0
    private var lastID: UInt64 = 0
    private let topic: GroupTopicDescription

    init(partitionCount: Int32) {
        topic = GroupTopicDescription(
            name: TopicName.of("t"),
            id: TopicID(high: 1, low: 1),
            partitionCount: partitionCount
        )
    }

    var owners: [MemberID?] { shard.describe(Self.name)?.partitions.map(\.owner) ?? [] }

    /// How much the largest share is larger than the smallest.
    static func difference(_ owners: [MemberID?], _ memberCount: Int) -> Int {
        let sizes = Dictionary(grouping: owners) { $0 }.values.map(\.count)
        let least = sizes.count < memberCount ? 0 : sizes.min() ?? 0
        return (sizes.max() ?? 0) - least
    }

    mutating func join(_ member: String) {
        lastID += 1
        apply(
            .join(
                GroupJoin(
                    request: RequestID(lastID),
                    connection: ConnectionID(lastID),
                    group: Self.name,
                    member: MemberID(member),
                    topics: [topic]
                )
            )
        )
    }

    mutating func leave(_ member: String) {
        lastID += 1
        apply(.leave(GroupLeave(request: RequestID(lastID), group: Self.name, member: MemberID(member))))
    }

    mutating func settle() {
        while let due = shard.nextDeadline() {
            time = max(time, due)
            apply(.tick)
        }
    }

    private mutating func apply(_ command: GroupCommand) {
        let now = GroupNow(monotonicMilliseconds: time, wall: Timestamp(millisecondsSinceEpoch: time))
        for request in shard.apply(command, now: now).flatMap(\.resolveStart) {
            let offsets = request.partitions.map {
                ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: .zero)
            }
            _ = shard.apply(.startResolved(StartResolution(group: request.group, offsets: offsets)), now: now)
        }
    }
}
