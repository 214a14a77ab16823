/// What a command did to one group: records to append, and what to say once they are durable.
///
/// The shard has changed when `apply` returns. The shell appends `records` as one unit (all or none of them survive a
/// crash), in the order of the commands and of a command's outcomes, and gives out `replies`, then `events`, when they and
/// all records of earlier outcomes are durable. A unit is bounded by what one group may have. A refused append means a new shard, rebuilt from the log by replay; the replies and events of
/// that outcome and of all later ones are dropped.
public struct GroupOutcome: Sendable {
    /// What to append to `__consumer_offsets`, in this order.
    public var records: [GroupRecord] = []
    /// Answers to requests, at most one each.
    public var replies: [GroupReply] = []
    /// What the members' connections are to be told, in this order.
    public var events: [GroupEvent] = []
    /// Starts to resolve, at once: the answer is ordered behind this outcome's records anyway.
    public var resolveStart: [StartRequest] = []
    /// Whether a `delivered` command may be carried out.
    ///
    /// Ask before the records are written to the connection: `false` means that the partition is no longer this
    /// member's to read, and the records are to be dropped.
    public var isDeliveryAccepted = false

    /// An outcome in which nothing happened.
    public init() {}

    /// Whether nothing is to be appended or said.
    public var isEmpty: Bool {
        records.isEmpty && replies.isEmpty && events.isEmpty && resolveStart.isEmpty
    }
}
