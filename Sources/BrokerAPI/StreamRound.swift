import BrokerCore

/// What streams that go on one after the other, on one thread, find out for each other: the last read at the end of a log.
///
/// A thousand watchers that one record wakes stand at one place; the first of them reads, and the others take what it found. It
/// is found out anew in the next round, and streams that are driven alone are rounds of their own.
public final class StreamRound {
    private var isOpen = false
    private var last: (engine: any BrokerEngine, cursor: Cursor, budget: ReadBudget, result: ReadResult)?

    /// A round that has not begun: nothing is kept.
    public init() {}

    /// Runs a round.
    public func run(_ body: () -> Void) {
        isOpen = true
        body()
        isOpen = false
        last = nil
    }

    /// What a read finds, at once; nil where that takes time, or fails.
    func read(_ cursor: Cursor, _ budget: ReadBudget, _ engine: any BrokerEngine) -> ReadResult? {
        if let last, last.engine === engine, last.budget.bytes == budget.bytes, last.cursor == cursor {
            return last.result
        }
        // What fails is read again, by who tells why.
        guard let result = try? engine.readNow(cursor, budget: budget) else { return nil }
        if isOpen { last = (engine, cursor, budget, result) }
        return result
    }
}
