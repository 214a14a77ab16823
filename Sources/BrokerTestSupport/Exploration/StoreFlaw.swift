/// One thing that is wrong with a store: a promise that it broke.
public struct StoreFlaw: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The promises, by what their breach is called.
    public enum Kind: String, CaseIterable, Hashable, Sendable, Codable {
        /// An acknowledged record is not there, or not as it was written, or not where it was.
        case lostRecord
        /// A reader saw a record that is not there any more.
        case lostSeenRecord
        /// A record that was cut, or refused, is there after all.
        case resurrectedRecord
        /// A request, or a round, is there in part.
        case partialRound
        /// A record that nobody wrote, or offsets that have a hole.
        case strangeRecord
        /// A partition cannot be read, or is quarantined, though nothing damaged it.
        case unreadablePartition
        /// The start is refused, though nothing damaged a file.
        case refusedStart
        /// A topic is gone though its deletion was never asked for.
        case lostTopic
        /// A topic is there though its deletion was acknowledged, or its creation was never asked for.
        case resurrectedTopic
        /// Wrong bytes were served, as if they were right.
        case wrongBytes
        /// The damage of one partition reached another.
        case spreadDamage
        /// A numbered request was stored again, said to be stored where it is not, or refused without need.
        case wrongRetry
        /// A leader epoch, or a place in the journal's stream, was used twice.
        case reusedNumber
        /// The store went on where it had to stop.
        case missedFailure
        /// A file was removed that nobody may remove.
        case removedFile
        /// A file stays that nobody names any more.
        case keptFile
        /// What came before a record of a compacted partition is not known any more.
        case lostVersion
        /// Who follows a collection was told neither of a change nor that he has missed some.
        case missedChange
        /// Something was told before it was durable, or as undone although it was done.
        case falseWord
        /// Damage is reported where there is none.
        case falseAlarm
        /// An operation failed though nothing went wrong.
        case failedWorkload
        /// The process stopped by a trap.
        case trap
    }

    /// Which promise.
    public let kind: Kind
    /// Where and how.
    public let text: String

    /// Creates a flaw.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// The text for people.
    public var description: String { "\(kind.rawValue): \(text)" }
}
