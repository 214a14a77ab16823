/// Where a member's connection to its broker stands.
public enum ConnectionState: Sendable, Hashable {
    /// The first connection is being made.
    case connecting
    /// The member is in.
    case connected(GroupMembership)
    /// The connection is gone; the next attempt comes after the delay and resumes the session.
    case reconnecting(MillraceError, after: Duration)
    /// The membership is over: nil when it ended as it was asked to.
    case ended(MillraceError?)
}
