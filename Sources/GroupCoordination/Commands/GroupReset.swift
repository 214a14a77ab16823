import RecordFormat

/// Sets committed offsets, back or forth, whoever holds the partitions: an administrator's act.
///
/// The offsets are resolved as starts are: the outcome asks for them (`StartRequest.reset`), and the answer carries the
/// reset out. Holders lose the partitions they have under their present epochs, and no others. Replied: `reset` or
/// `refused`, when the offsets are known.
public struct GroupReset: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The group.
    public var group: GroupName
    /// The partitions; `nil` is all that the group reads.
    public var partitions: [TopicPartition]?
    /// Where to.
    public var position: StartPosition
    /// Whether to tell only what would happen.
    public var isDryRun: Bool

    /// Makes a reset.
    public init(
        request: RequestID,
        group: GroupName,
        partitions: [TopicPartition]? = nil,
        to position: StartPosition,
        isDryRun: Bool = false
    ) {
        self.request = request
        self.group = group
        self.partitions = partitions
        self.position = position
        self.isDryRun = isDryRun
    }
}
