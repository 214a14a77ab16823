/// What can happen next.
public struct ExploredAction: Hashable, Sendable, CustomStringConvertible {
    /// The kinds.
    enum Kind: UInt8, Sendable {
        /// A client joins as a new member, or as a new process of its instance.
        case join
        /// A client leaves.
        case leave
        /// A client's connection is lost.
        case lose
        /// A client comes back with its session.
        case resume
        /// The next record of a partition is handed to its holder.
        case deliver
        /// A client commits all that is to be read of a partition, under the epoch it believes in.
        case commit
        /// Time passes until something falls due.
        case timeout
        /// The broker dies and starts again.
        case crash
    }

    let kind: Kind
    var client: UInt8 = 0
    var partition: UInt8 = 0
    /// Whether the members hear of it; otherwise what they are told is lost on the way.
    var isHeard = true

    /// A few words.
    public var description: String {
        let place =
            switch kind {
            case .join, .leave, .lose, .resume: " \(client)"
            case .deliver: " \(partition)"
            case .commit: " \(client) \(partition)"
            case .timeout, .crash: ""
            }
        return "\(kind)\(place)\(isHeard ? "" : " unheard")"
    }
}
