import BrokerCore
import Synchronization

/// A monotonic clock that a test moves; nothing in these tests waits for real time.
final class TestClock: MonotonicClock {
    private let milliseconds = Mutex<Int64>(1_000_000)

    var now: MonotonicInstant { MonotonicInstant(milliseconds: milliseconds.withLock { $0 }) }

    func advance(to instant: MonotonicInstant) {
        milliseconds.withLock { $0 = max($0, instant.milliseconds) }
    }

    func advance(byMilliseconds count: Int64) {
        milliseconds.withLock { $0 += count }
    }

    /// Moves to the deadline, and acts at once.
    func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
        advance(to: deadline)
        action()
        return TimerToken(id: 0)
    }

    func cancel(_ token: TimerToken) {}
}
