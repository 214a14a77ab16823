import Synchronization

/// One sleep of one task, or one call, that several places may end or make; the first to do so gives the reason.
///
/// A waiter is registered first (with tails, a mailbox, a timer) and slept on afterwards: a wake-up in between is kept
/// and ends the sleep at once. It is used once.
///
/// Concurrency: the lock is a leaf; the continuation is resumed outside of it, exactly once, because it leaves the state
/// with the transition that resumes it.
final class Waiter: Sendable {
    private enum State {
        case registered
        case asleep(CheckedContinuation<WakeReason, Never>)
        case fired(WakeReason)
    }

    private static let lastID = Atomic<UInt64>(0)

    /// A number of its own, by which it is found again where it is registered.
    let id: UInt64
    private let state = Mutex(State.registered)
    private let action: (@Sendable (WakeReason) -> Void)?

    /// A waiter to sleep on.
    init() {
        id = Self.lastID.add(1, ordering: .relaxed).newValue
        action = nil
    }

    /// A waiter that is called, once, by whoever fires it; nobody sleeps on it.
    init(calling action: @escaping @Sendable (WakeReason) -> Void) {
        id = Self.lastID.add(1, ordering: .relaxed).newValue
        self.action = action
    }

    /// Ends the sleep, now or as soon as it begins; later reasons change nothing.
    func fire(_ reason: WakeReason) {
        let (isFirst, sleeper): (Bool, CheckedContinuation<WakeReason, Never>?) = state.withLock { state in
            switch state {
            case .registered:
                state = .fired(reason)
                return (true, nil)
            case .asleep(let continuation):
                state = .fired(reason)
                return (true, continuation)
            case .fired:
                return (false, nil)
            }
        }
        if isFirst { action?(reason) }
        sleeper?.resume(returning: reason)
    }

    /// Sleeps until fired; a cancelled task wakes with `cancelled`.
    func wait() async -> WakeReason {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reason: WakeReason? = state.withLock { state in
                    if case .fired(let reason) = state { return reason }
                    state = .asleep(continuation)
                    return nil
                }
                if let reason { continuation.resume(returning: reason) }
            }
        } onCancel: {
            fire(.cancelled)
        }
    }
}
