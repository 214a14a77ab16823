import Synchronization

/// Where a client's frames leave what they change, until the stream beside them takes it.
///
/// Concurrency: the lock is a leaf. A sleeping stream is woken by the cancellation of its sleep, outside of the lock; what
/// comes before it sleeps ends the sleep at once.
final class CreditInbox: Sendable {
    private struct State {
        var change: Credit.Change?
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Leaves a change.
    func put(_ change: Credit.Change) {
        let wake = state.withLock { state in
            if state.change == nil { state.change = change } else { state.change?.append(change) }
            return state.wake
        }
        wake?()
    }

    /// Takes what was left.
    func take() -> Credit.Change? {
        state.withLock { state in
            defer { state.change = nil }
            return state.change
        }
    }

    /// Runs a sleep that ends early, by cancellation, when something is left here.
    func interrupting<Value: Sendable>(_ sleep: @escaping @Sendable () async -> Value) async -> Value {
        let task = Task { await sleep() }
        let isLate = state.withLock { state in
            state.wake = { task.cancel() }
            return state.change != nil
        }
        if isLate { task.cancel() }
        defer { state.withLock { $0.wake = nil } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
