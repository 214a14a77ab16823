import Synchronization

/// Wakes the one task that sleeps at it; a ring that comes before ends the next sleep at once.
///
/// Whoever rings has changed what the sleeper looks at, and the sleeper looks after each sleep: so no ring is missed, and one
/// too many does no harm.
///
/// Concurrency: the lock is a leaf; the sleeper is resumed outside of it.
final class Doorbell: Sendable {
    private struct State {
        var hasRung = false
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Whether the next sleep would end at once.
    var hasRung: Bool { state.withLock { $0.hasRung } }

    /// Ends the sleep.
    func ring() {
        let wake = state.withLock { state in
            defer { state.wake = nil }
            state.hasRung = true
            return state.wake
        }
        wake?()
    }

    /// Sleeps until it rings, or the task is cancelled.
    func sleep() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !register({ continuation.resume() }) { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
        forget()
    }

    /// Sleeps until it rings, or a sleep that cancellation ends is over.
    func sleep(atMost other: @escaping @Sendable () async -> Void) async {
        let task = Task { await other() }
        if !register({ task.cancel() }) { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        forget()
    }

    /// False when it has rung.
    private func register(_ wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard !state.hasRung else { return false }
            state.wake = wake
            return true
        }
    }

    private func forget() {
        state.withLock { $0 = State() }
    }
}
