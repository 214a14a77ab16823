import BrokerCore
import NIOCore
import RecordFormat
import Synchronization

/// What reads at the tails of collections have found: who stands at the same place shares one read, what it decoded, and the events
/// made of that (``FoundChanges``).
///
/// A thousand watchers at the tail of a collection are woken together: the first of them reads, and the others get what it
/// finds. What reached the end is kept for those who come a little later, bounded in bytes; the oldest makes room. Stored
/// records never change, so what was found at a place stays true.
///
/// Concurrency: the lock is a leaf. Reads are done, and those who wait are resumed, outside of it.
final class SharedChanges: Sendable {
    private typealias Waiter = CheckedContinuation<Result<FoundChanges, BrokerError>?, Never>

    /// From where, and with which versions before.
    fileprivate struct Key: Hashable {
        let cursor: Cursor
        let wanted: PreviousWanted
    }

    fileprivate enum Entry {
        /// Somebody reads it; these wait.
        case reading([CheckedContinuation<Result<FoundChanges, BrokerError>?, Never>])
        /// It is there.
        case found(FoundChanges)
    }

    fileprivate enum Turn {
        case read
        case wait
        case done(FoundChanges)
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        var order = CircularBuffer<Key>()
        var bytes = 0
    }

    private let bytesMax: Int
    private let state = Mutex(State())

    /// Nothing found yet.
    init(bytesMax: ByteCount) {
        self.bytesMax = bytesMax.value
    }

    /// How many reads are kept or under way.
    var count: Int { state.withLock { $0.entries.count } }

    /// Reads changes, or gets what another read at the same place finds.
    func changes(
        _ cursor: Cursor,
        budget: ReadBudget,
        previous wanted: PreviousWanted,
        _ engine: any BrokerEngine
    ) async throws(BrokerError) -> FoundChanges {
        let key = Key(cursor: cursor, wanted: wanted)
        switch state.withLock({ $0.turn(at: key) }) {
        case .done(let found): return found
        case .wait:
            let outcome = await withCheckedContinuation { (waiter: Waiter) in
                if let answer = state.withLock({ $0.wait(at: key, waiter) }) { waiter.resume(returning: answer) }
            }
            if let outcome { return try outcome.get() }
            return FoundChanges(try await engine.changes(cursor, budget: budget, previous: wanted))
        case .read:
            let outcome: Result<FoundChanges, BrokerError>
            do throws(BrokerError) {
                outcome = .success(FoundChanges(try await engine.changes(cursor, budget: budget, previous: wanted)))
            } catch {
                outcome = .failure(error)
            }
            let waiters = state.withLock { $0.end(key, outcome, bytesMax: bytesMax) }
            for waiter in waiters { waiter.resume(returning: outcome) }
            return try outcome.get()
        }
    }
}

extension SharedChanges.State {
    /// What somebody who comes to a place is to do.
    fileprivate mutating func turn(at key: SharedChanges.Key) -> SharedChanges.Turn {
        switch entries[key] {
        case .found(let found): return .done(found)
        case .reading: return .wait
        case nil:
            entries[key] = .reading([])
            return .read
        }
    }

    /// Takes in somebody who waits, or answers at once: with nil where the read is over and was not worth keeping.
    fileprivate mutating func wait(
        at key: SharedChanges.Key,
        _ waiter: CheckedContinuation<Result<FoundChanges, BrokerError>?, Never>
    ) -> Result<FoundChanges, BrokerError>?? {
        switch entries[key] {
        case .found(let found): return .some(.success(found))
        case .reading(var waiters):
            // Let go of here, so that it is changed and not copied.
            entries[key] = nil
            waiters.append(waiter)
            entries[key] = .reading(waiters)
            return .none
        case nil: return .some(nil)
        }
    }

    /// Ends a read, keeps what reached the end, and gives back those who wait.
    fileprivate mutating func end(
        _ key: SharedChanges.Key,
        _ outcome: Result<FoundChanges, BrokerError>,
        bytesMax: Int
    ) -> [CheckedContinuation<Result<FoundChanges, BrokerError>?, Never>] {
        guard case .reading(let waiters) = entries.removeValue(forKey: key) else { return [] }
        guard case .success(let outcome) = outcome, outcome.cost <= bytesMax / 4 else { return waiters }
        guard outcome.found.caughtUp, !outcome.found.changes.isEmpty else { return waiters }
        while bytes + outcome.cost > bytesMax, let oldest = order.popFirst() {
            if case .found(let removed) = entries.removeValue(forKey: oldest) { bytes -= removed.cost }
        }
        entries[key] = .found(outcome)
        order.append(key)
        bytes += outcome.cost
        return waiters
    }
}
