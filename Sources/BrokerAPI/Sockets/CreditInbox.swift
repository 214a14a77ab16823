import Synchronization

/// Where a client's frames leave what they change, until the stream beside them takes it.
///
/// Concurrency: the lock is a leaf. A sleeping stream is woken outside of it; what comes before it sleeps ends the sleep at once.
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

    /// Calls `wake` when something is left here from now on, and at once where something lies here; nil calls nobody any more.
    func listen(_ wake: (@Sendable () -> Void)?) {
        let isLate = state.withLock { state in
            state.wake = wake
            return state.change != nil
        }
        if isLate { wake?() }
    }

    /// Runs a sleep that ends early, by cancellation, when something is left here.
    func interrupting<Value: Sendable>(_ sleep: @escaping @Sendable () async -> Value) async -> Value {
        let task = Task { await sleep() }
        listen { task.cancel() }
        defer { listen(nil) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
