import Synchronization

/// Wakes tasks that wait for something to happen, and remembers one wake-up that nobody waited for.
///
/// Whoever waits looks first at what it waits for, and again when it is woken: a wake-up says no more than "look again".
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var isClosed = false
        var number = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiters = [:] }
            return Array(waiters.values)
        }
    }

    private let state = Mutex(State())

    /// Wakes all who wait, or the next who will.
    func set() {
        let waiters = state.withLock { state in
            if state.waiters.isEmpty { state.isSet = true }
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// From now on nobody waits.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits for a wake-up, the closing, or the cancellation of the task.
    func wait() async {
        let number = state.withLock { state in
            state.number += 1
            return state.number
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !waits(continuation, number) { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    /// The same, at most for a time.
    func wait(atMost limit: Duration) async {
        guard limit > .zero else { return }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.wait() }
            // Cancelled when the signal came first.
            tasks.addTask { try? await Task.sleep(for: limit) }
            await tasks.next()
            tasks.cancelAll()
        }
    }

    /// Keeps the continuation, unless there is nothing to wait for.
    ///
    /// A cancellation after this look finds the continuation: its handler takes the same lock after the task was marked.
    private func waits(_ continuation: CheckedContinuation<Void, Never>, _ number: Int) -> Bool {
        state.withLock { state in
            if state.isSet || state.isClosed || Task.isCancelled {
                state.isSet = false
                return false
            }
            state.waiters[number] = continuation
            return true
        }
    }
}
