/// How a ``GroupMember`` works: how records come to it, when it commits, whom it tells.
public struct MemberSettings: Sendable {
    /// How records come.
    public enum Delivery: Sendable, Hashable {
        /// By one connection that stays open, and is the member.
        case stream
        /// By requests that wait for records: an explicit member, alive by its requests. For networks that cut long answers.
        case longPoll
    }

    /// How records come.
    public var delivery = Delivery.stream
    /// How long what was noted with ``GroupMember/processed(_:)`` waits for its commit, at most.
    ///
    /// It does not wait when the broker asks for commits: before a revocation, when it pauses, when a lease runs out.
    public var commitInterval = Duration.seconds(1)
    /// The most records that wait in the member to be taken; beyond them it reads no further.
    ///
    /// The broker's `maxInFlight` is what usually bounds them.
    public var waitingRecordsMax = 100_000
    /// The most bytes of records that wait in the member.
    public var waitingBytesMax = 256 << 20
    /// How long the last commit is tried when the member ends.
    public var leavingMax = Duration.seconds(5)
    /// What is called when something happens.
    public var callbacks = GroupCallbacks()

    /// The defaults.
    public init() {}
}

/// What a ``GroupMember`` calls when something happens, one call after the other, in the order of the events.
///
/// While one runs, no further event is taken: no record comes and no other callback is called.
public struct GroupCallbacks: Sendable {
    /// These partitions are the member's from now on, in addition to what it has; none for a standby that got nothing.
    public var assigned: (@Sendable (_ partitions: [GroupPartition]) async -> Void)?
    /// These are to be given up: what was taken of them can be committed within the deadline, nothing more comes.
    public var revoking: (@Sendable (_ partitions: [GroupPartition], _ deadline: Duration) async -> Void)?
    /// These are gone: no commit on them lands any more.
    public var revoked: (@Sendable (_ partitions: [GroupPartition]) async -> Void)?
    /// The broker did not take these commits, or these partitions are no longer the member's.
    public var refused: (@Sendable (_ results: [CommitResult]) async -> Void)?
    /// A commit failed; it is tried again.
    public var commitFailed: (@Sendable (_ error: MillraceError) async -> Void)?
    /// Every event but records, before the others are called: for logs and metrics.
    public var event: (@Sendable (_ event: GroupEvent) async -> Void)?

    /// No callbacks.
    public init() {}
}
