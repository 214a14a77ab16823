import NIOCore
import Synchronization

/// Lets those who change items of a partition go one after another, in the order in which they came.
///
/// A change is stored only if the partition still ends where it was decided; without turns a crowd would only ever see one of
/// them succeed.
///
/// Concurrency: the lock is a leaf; who waits is resumed outside of it. A turn is held over a read and an append.
final class ItemTurns: Sendable {
    private struct State {
        var isTaken = false
        var waiters = CircularBuffer<CheckedContinuation<Void, Never>>()
    }

    private let state = Mutex(State())

    init() {}

    /// Runs when everybody who came before has run.
    func run<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                guard state.isTaken else {
                    state.isTaken = true
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFirst { continuation.resume() }
        }
        defer { pass() }
        return try await body()
    }

    /// Gives the turn to the next one, if somebody waits.
    private func pass() {
        let next = state.withLock { state in
            let next = state.waiters.popFirst()
            state.isTaken = next != nil
            return next
        }
        next?.resume()
    }
}
