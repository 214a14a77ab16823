import RecordFormat

/// Where to start.
public enum StartPosition: Hashable, Sendable {
    /// The first offset that is still kept.
    case earliest
    /// The end: only what comes later.
    case latest
    /// So many records before the end, per partition.
    case beforeEnd(Int64)
    /// An offset, the same in every partition asked for.
    case offset(Offset)
    /// The first record, in the order of offsets, that is not earlier than this; the end when there is none.
    case time(Timestamp)
}

/// The next offset to read, per partition: all the state that a reader has.
public struct Cursor: Hashable, Sendable {
    /// The next offset of one partition.
    public struct Position: Hashable, Sendable {
        /// The partition.
        public let partition: TopicPartition
        /// The incarnation of the topic that `next` belongs to.
        public let topicID: TopicID
        /// The next offset to read.
        public var next: Offset
        /// Where reading ends (exclusive), whatever comes later; nil when it does not.
        public var end: Offset?

        /// Whether there will never be anything to read.
        public var isAtEnd: Bool { end.map { next >= $0 } ?? false }

        /// Creates a position.
        public init(partition: TopicPartition, topicID: TopicID, next: Offset, end: Offset? = nil) {
            self.partition = partition
            self.topicID = topicID
            self.next = next
            self.end = end
        }
    }

    /// The positions, in the order of topic and partition.
    public var positions: [Position]
    /// The index of the position that the next read begins with, so that partitions take turns.
    public var turn: Int
    /// Whether the positions are all partitions of their topics: partitions that are added join them, from offset 0.
    public var isWhole: Bool
    /// Whether reading has an end and every partition has reached it.
    public var isAtEnd: Bool { !positions.isEmpty && positions.allSatisfy(\.isAtEnd) }

    /// Creates a cursor.
    public init(positions: [Position], turn: Int = 0, isWhole: Bool = false) {
        self.positions = positions
        self.turn = turn
        self.isWhole = isWhole
    }
}

/// How much one read may return.
public struct ReadBudget: Sendable {
    /// Bytes of batches, over all partitions; one batch is always returned whole.
    public var bytes: ByteCount

    /// Creates a budget.
    public init(bytes: ByteCount) {
        self.bytes = bytes
    }
}

/// What one read found.
public struct ReadResult: Sendable {
    /// Whole batches of one partition.
    ///
    /// Records below `start`, and records at or past `next`, are to be skipped: the first batch may begin earlier, and
    /// the last may reach further than a member may be given.
    public struct Slice: Sendable {
        /// The index of the partition's position in the cursor.
        public let position: Int
        /// The partition.
        public let partition: TopicPartition
        /// The first offset that was asked for.
        public let start: Offset
        /// The batches, in offset order.
        public let batches: [RecordBatch]
        /// Where to go on: one past the last offset of the slice (exclusive).
        public let next: Offset
        /// The topic's incarnation, where the batches are the partition's newest, so that whoever keeps up with it reads the
        /// same ones now: what is made of them is worth sharing.
        public let tailOf: TopicID?

        /// Creates a slice.
        public init(
            position: Int,
            partition: TopicPartition,
            start: Offset,
            batches: [RecordBatch],
            next: Offset,
            tailOf: TopicID? = nil
        ) {
            self.position = position
            self.partition = partition
            self.start = start
            self.batches = batches
            self.next = next
            self.tailOf = tailOf
        }
    }

    /// A range that cannot be read any more.
    public struct Gap: Sendable {
        /// Why.
        public enum Reason: String, Hashable, Sendable {
            /// Retention has removed it before it was read.
            case retention
            /// Its bytes are damaged, and the topic says to pass damage.
            case damage
        }

        /// The partition.
        public let partition: TopicPartition
        /// The first lost offset.
        public let from: Offset
        /// The first offset that is still kept.
        public let to: Offset
        /// Why it cannot be read.
        public let reason: Reason

        /// Creates a gap.
        public init(partition: TopicPartition, from: Offset, to: Offset, reason: Reason = .retention) {
            self.partition = partition
            self.from = from
            self.to = to
            self.reason = reason
        }
    }

    /// What was read, at most one slice a partition.
    public let slices: [Slice]
    /// What was found missing; reading goes on after each.
    public let gaps: [Gap]
    /// The cursor after all slices and gaps.
    public let cursor: Cursor
    /// Whether every partition was read to its visible end.
    public let caughtUp: Bool
    /// Records between the new cursor and the visible ends.
    public let lag: Int64
    /// Why one of the partitions cannot be read, while others were; the cursor stands before what cannot.
    public let failure: BrokerError?

    /// Creates a result.
    public init(
        slices: [Slice],
        gaps: [Gap],
        cursor: Cursor,
        caughtUp: Bool,
        lag: Int64,
        failure: BrokerError? = nil
    ) {
        self.failure = failure
        self.slices = slices
        self.gaps = gaps
        self.cursor = cursor
        self.caughtUp = caughtUp
        self.lag = lag
    }
}

/// Why a wait ended.
public enum WakeReason: Hashable, Sendable {
    /// There is something to read, or the topic is gone: read and see.
    case moved
    /// The deadline passed.
    case timedOut
    /// The broker is going away.
    case draining
    /// The waiting task was cancelled.
    case cancelled
}
