import RecordFormat
import Synchronization

/// Tells waiters that a partition has grown.
///
/// Why no wake-up is lost: `register` compares the waiter's offset with `visible` and enters it under the very lock under
/// which `advance` moves `visible` and takes the waiters out. Either the waiter sees the new end, or the advance sees
/// the waiter. `visible` here follows the log's own watermark, which moves first: whoever is woken can read.
///
/// Concurrency: the lock is a leaf; waiters are fired outside of it. Entering and leaving cost one dictionary operation,
/// so that a waiter may sit at hundreds of partitions.
final class TailSignal: Sendable {
    fileprivate struct Entry {
        let waiter: Waiter
        let next: Offset
    }

    fileprivate struct State {
        var visible: Offset
        var entries: [UInt64: Entry] = [:]
        /// Set once, when there will be nothing more to wait for.
        var end: WakeReason?
    }

    private let state: Mutex<State>

    init(visible: Offset) {
        state = Mutex(State(visible: visible))
    }

    /// How many waiters sit here; for tests and gauges.
    var waiterCount: Int { state.withLock { $0.entries.count } }

    /// Enters a waiter for the record at `next`; a reason instead means that there is nothing to wait for.
    func register(_ waiter: Waiter, past next: Offset) -> WakeReason? {
        state.withLock { state in
            if let end = state.end { return end }
            if state.visible > next { return .moved }
            state.entries[waiter.id] = Entry(waiter: waiter, next: next)
            return nil
        }
    }

    /// Forgets a waiter.
    ///
    /// Harmless when it is not here.
    func remove(_ waiter: Waiter) {
        state.withLock { state in _ = state.entries.removeValue(forKey: waiter.id) }
    }

    /// Moves the visible end and wakes those who wait for a record below it.
    func advance(to visible: Offset) {
        let woken: [Waiter] = state.withLock { state in
            guard visible > state.visible else { return [] }
            state.visible = visible
            return state.takeEntries { $0.next < visible }
        }
        for waiter in woken { waiter.fire(.moved) }
    }

    /// Wakes everybody who waits now: there is news that a read will find.
    func wakeAll() {
        let woken = state.withLock { $0.takeEntries { _ in true } }
        for waiter in woken { waiter.fire(.moved) }
    }

    /// Wakes everybody, now and from now on: the broker drains, or the topic is gone (`moved`: read and see).
    func end(_ reason: WakeReason) {
        let woken: [Waiter] = state.withLock { state in
            if state.end == nil { state.end = reason }
            return state.takeEntries { _ in true }
        }
        for waiter in woken { waiter.fire(reason) }
    }
}

extension TailSignal.State {
    /// Takes out the waiters whose entry fits.
    ///
    /// The usual case, all of them, gives the table away without a copy.
    fileprivate mutating func takeEntries(where fits: (TailSignal.Entry) -> Bool) -> [Waiter] {
        if entries.isEmpty { return [] }
        let taken = entries.values.filter(fits)
        if taken.count == entries.count {
            entries = [:]
        } else {
            for entry in taken { entries.removeValue(forKey: entry.waiter.id) }
        }
        return taken.map(\.waiter)
    }
}
