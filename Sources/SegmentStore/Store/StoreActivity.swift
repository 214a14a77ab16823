import RecordFormat

/// A piece of the store's work that a crash can fall into.
public enum StoreActivity: Hashable, Sendable {
    /// A partition goes over to a new segment, from the making of its file to the flush of the round.
    case roll(PartitionKey, base: Offset)
    /// The flusher flushes what was captured and records it.
    case checkpoint(generation: UInt64)
    /// Segments that a compaction wrote take the place of those they were made of.
    case compactionSwitch(PartitionKey, generation: UInt64)
    /// The first segments of a partition are let go.
    case retention(PartitionKey)
}

extension StoreActivity: CustomStringConvertible {
    /// One word for the kind, then what it is about.
    public var description: String {
        switch self {
        case .roll(let key, let base): "roll of \(key) at \(base)"
        case .checkpoint(let generation): "checkpoint \(generation)"
        case .compactionSwitch(let key, let generation): "compaction-switch of \(key) to generation \(generation)"
        case .retention(let key): "retention of \(key)"
        }
    }
}

/// Is told when a piece of the store's work begins and when it is over.
///
/// So that a log of a broker that was killed shows what it was doing: something that began and did not end. It is told on
/// the working thread, of rolls with the journal's lock held: it may write a line, and must not wait or call the store.
public struct StoreObserver: Sendable {
    private let tell: (@Sendable (_ activity: StoreActivity, _ isOver: Bool) -> Void)?

    /// An observer that passes everything on; nil for none.
    public init(_ tell: (@Sendable (_ activity: StoreActivity, _ isOver: Bool) -> Void)? = nil) {
        self.tell = tell
    }

    /// Called right before the work.
    ///
    /// The activity is not made when nobody listens.
    func begins(_ activity: @autoclosure () -> StoreActivity) {
        tell?(activity(), false)
    }

    /// Called when the work is done or given up in order; never after a failure that ends the process.
    func ends(_ activity: @autoclosure () -> StoreActivity) {
        tell?(activity(), true)
    }
}
