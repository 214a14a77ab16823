import RecordFormat

/// One change of who has what, and why: an entry of a group's history.
///
/// Soft state: it is kept in memory only, up to a bound, and begins anew with the process, which the first entry says
/// (`coordinatorStarted`). Stored, it would double what a rebalance writes, to answer a question about the last minutes;
/// what each member had is in the log anyway.
public struct GroupRebalance: Hashable, Sendable {
    /// Why partitions changed hands.
    public enum Reason: Hashable, Sendable {
        /// The coordinator was started, or read its log again: earlier entries are forgotten.
        case coordinatorStarted
        /// A member is new.
        case memberJoined(MemberID)
        /// A member is back on a new connection.
        case memberReturned(MemberID)
        /// A new process bears an instance: `former` is fenced.
        case instanceTakenOver(instance: String, former: MemberID, by: MemberID)
        /// A member left.
        case memberLeft(MemberID)
        /// A member's connection was lost.
        case connectionLost(MemberID)
        /// A session was not reclaimed in time, or had no heartbeats.
        case sessionTimedOut(MemberID)
        /// A member held records without commit or progress for too long.
        case commitTimedOut(MemberID)
        /// A member that lost partitions to the commit timeout gives signs of life again.
        case memberRevived(MemberID)
        /// What a member was to finish is committed.
        case handedOver(MemberID)
        /// A member gave partitions back.
        case released(MemberID)
        /// A topic was created, or has grown.
        case topicGrew(TopicName)
        /// A topic was deleted.
        case topicDeleted(TopicName)
        /// The group's list of topics was changed.
        case topicsChanged
        /// Starts have become known.
        case startsResolved
        /// Offsets were reset.
        case offsetsReset
    }

    /// What happened to one partition.
    public struct Move: Hashable, Sendable {
        /// What happened.
        public enum Kind: Hashable, Sendable {
            /// It has another holder, or the same one under a new epoch, or none any more.
            case moved
            /// Its holder was asked to finish; another entry tells when it went.
            case askedBack
        }

        /// The partition.
        public let partition: TopicPartition
        /// Who held it before.
        public let from: MemberID?
        /// Who holds it now.
        public let to: MemberID?
        /// What happened.
        public let kind: Kind
    }

    /// The group's epoch after it.
    public let epoch: GroupEpoch
    /// When.
    public let time: Timestamp
    /// Why; several where joins were collected.
    public let reasons: [Reason]
    /// What moved, sorted by partition; no more than the bound.
    public let moves: [Move]
    /// How many moves there were.
    public let moveCount: Int
}

extension GroupRebalance.Reason: CustomStringConvertible {
    /// A few words for people.
    public var description: String {
        switch self {
        case .coordinatorStarted: "the coordinator was started"
        case .memberJoined(let member): "member \(member) joined"
        case .memberReturned(let member): "member \(member) is back"
        case .instanceTakenOver(let instance, let former, let member):
            "member \(member) took instance \(instance) over from \(former)"
        case .memberLeft(let member): "member \(member) left"
        case .connectionLost(let member): "the connection of member \(member) was lost"
        case .sessionTimedOut(let member): "the session of member \(member) timed out"
        case .commitTimedOut(let member): "member \(member) committed nothing for the commit timeout"
        case .memberRevived(let member): "member \(member) works again"
        case .handedOver(let member): "member \(member) finished what was asked back"
        case .released(let member): "member \(member) released partitions"
        case .topicGrew(let topic): "topic \(topic.name) was created or has grown"
        case .topicDeleted(let topic): "topic \(topic.name) was deleted"
        case .topicsChanged: "the group's topics were changed"
        case .startsResolved: "starts were resolved"
        case .offsetsReset: "offsets were reset"
        }
    }
}
