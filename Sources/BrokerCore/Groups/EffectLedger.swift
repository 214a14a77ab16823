import Collections

/// Effects of a coordinator shard in the order of its commands: each is given out once its own records and those of all
/// before it are durable, so that nobody learns of a state that a crash could take back.
///
/// A value; its owner holds a lock. `isDelivering` makes one thread at a time the deliverer, which keeps the order
/// outside of that lock too.
struct EffectLedger<Effects: Sendable>: Sendable {
    private struct Entry {
        let sequence: UInt64
        let effects: Effects
        var isDurable: Bool
    }

    private var entries: Deque<Entry> = []
    private var lastSequence: UInt64 = 0
    private var isDelivering = false

    /// Whether no effects wait for their turn, and none are being delivered.
    var isSettled: Bool { entries.isEmpty && !isDelivering }

    /// Adds effects behind all others; the number is that of `markDurable`.
    mutating func add(_ effects: Effects, isDurable: Bool) -> UInt64 {
        lastSequence += 1
        entries.append(Entry(sequence: lastSequence, effects: effects, isDurable: isDurable))
        return lastSequence
    }

    /// Notes that the records of an entry are on stable storage.
    ///
    /// Harmless for an entry that was dropped.
    mutating func markDurable(_ sequence: UInt64) {
        // Records become durable in order, so the entry is near the front.
        guard let index = entries.firstIndex(where: { $0.sequence >= sequence }) else { return }
        if entries[index].sequence == sequence { entries[index].isDurable = true }
    }

    /// Takes what is ready, if nobody else delivers; whoever gets something must call `continueDelivery` after it.
    mutating func beginDelivery() -> [Effects]? {
        if isDelivering { return nil }
        let ready = takeReady()
        isDelivering = !ready.isEmpty
        return ready.isEmpty ? nil : ready
    }

    /// Takes what has become ready meanwhile; nil ends the delivery.
    mutating func continueDelivery() -> [Effects]? {
        isDelivering = false
        return beginDelivery()
    }

    /// Forgets the entries from the first one on that is not durable: they will never be.
    mutating func dropUndurable() {
        guard let first = entries.firstIndex(where: { !$0.isDurable }) else { return }
        entries.removeLast(entries.count - first)
    }

    /// What waits, in order.
    var waiting: [Effects] { entries.map(\.effects) }

    private mutating func takeReady() -> [Effects] {
        var ready: [Effects] = []
        while let first = entries.first, first.isDurable {
            ready.append(first.effects)
            entries.removeFirst()
        }
        return ready
    }
}
