import RecordFormat

/// The last rebalances of a group: why they came about, and what moved.
public struct GroupHistory: Sendable {
    /// The group's epoch now.
    public let groupEpoch: Int64
    /// The rebalances that are remembered, newest first.
    public let rebalances: [GroupRebalance]

    /// Creates a history.
    public init(groupEpoch: Int64, rebalances: [GroupRebalance]) {
        self.groupEpoch = groupEpoch
        self.rebalances = rebalances
    }
}

/// One change of who has what, and why.
public struct GroupRebalance: Hashable, Sendable {
    /// Why partitions changed hands.
    public struct Reason: Hashable, Sendable {
        /// A stable name, such as `member-joined`.
        public let code: String
        /// The member that it is about, if it is about one.
        public let member: String?
        /// A few words for people.
        public let text: String

        /// Creates a reason.
        public init(code: String, member: String?, text: String) {
            self.code = code
            self.member = member
            self.text = text
        }
    }

    /// What happened to one partition.
    public struct Move: Hashable, Sendable {
        /// What happened.
        public enum Kind: String, Hashable, Sendable {
            /// It has another holder, or the same one under a new epoch, or none any more.
            case moved = "moved"
            /// Its holder was asked to finish; another entry tells when it went.
            case askedBack = "asked-back"
        }

        /// The partition.
        public let partition: TopicPartition
        /// Who held it before.
        public let from: String?
        /// Who holds it now.
        public let to: String?
        /// What happened.
        public let kind: Kind

        /// Creates a move.
        public init(partition: TopicPartition, from: String?, to: String?, kind: Kind) {
            self.partition = partition
            self.from = from
            self.to = to
            self.kind = kind
        }
    }

    /// The group's epoch after it.
    public let groupEpoch: Int64
    /// When.
    public let time: Timestamp
    /// Why; several where joins were collected.
    public let reasons: [Reason]
    /// What moved, sorted by partition; no more than are remembered.
    public let moves: [Move]
    /// How many moves there were.
    public let moveCount: Int

    /// Creates a rebalance.
    public init(groupEpoch: Int64, time: Timestamp, reasons: [Reason], moves: [Move], moveCount: Int) {
        self.groupEpoch = groupEpoch
        self.time = time
        self.reasons = reasons
        self.moves = moves
        self.moveCount = moveCount
    }
}
