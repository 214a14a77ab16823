/// The version of a group: raised whenever its members, topics or partitions change.
///
/// It never goes back.
public struct GroupEpoch: Hashable, Comparable, Sendable {
    /// The number; 0 before the first member.
    public let value: Int64

    /// Wraps a number as a group epoch.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Orders epochs by number.
    public static func < (left: GroupEpoch, right: GroupEpoch) -> Bool {
        left.value < right.value
    }

    var next: GroupEpoch { GroupEpoch(value + 1) }
}

/// The version of one member: raised when another process takes its instance, which fences the former one.
public struct MemberEpoch: Hashable, Comparable, Sendable {
    /// The number; a new member begins with 1.
    public let value: Int64

    /// Wraps a number as a member epoch.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Orders epochs by number.
    public static func < (left: MemberEpoch, right: MemberEpoch) -> Bool {
        left.value < right.value
    }

    var next: MemberEpoch { MemberEpoch(value + 1) }
}

/// The version of one partition's assignment: a new, higher one with every owner, and the fence of every commit.
///
/// Numbers are handed out from one counter of the group, so that a topic that is deleted and created again under the
/// same name never sees an epoch a second time.
public struct PartitionEpoch: Hashable, Comparable, Sendable {
    /// The number; 0 before the first assignment.
    public let value: Int64

    /// Wraps a number as a partition epoch.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Orders epochs by number.
    public static func < (left: PartitionEpoch, right: PartitionEpoch) -> Bool {
        left.value < right.value
    }

    var next: PartitionEpoch { PartitionEpoch(value + 1) }
}
