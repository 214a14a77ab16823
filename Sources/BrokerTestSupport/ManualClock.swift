public import BrokerCore
import Synchronization

/// A monotonic and a wall clock that stand still until a test moves them.
///
/// `advance` runs the timers that fall due, in the order of their deadlines, on the calling thread, and the clock shows
/// each one's deadline while it runs. Timers that a timer sets run in the same call when they fall due in it.
public final class ManualClock: MonotonicClock, WallClock {
    private struct State {
        var now = MonotonicInstant(milliseconds: 1_000_000)
        var wallMilliseconds: Int64
        var lastID: UInt64 = 0
        var timers: [UInt64: Entry] = [:]
    }

    private struct Entry {
        let deadline: MonotonicInstant
        let action: @Sendable () -> Void
    }

    private let state: Mutex<State>

    /// A clock that begins at a wall time; by default 2026-11-21T10:00:00Z.
    public init(wallMilliseconds: Int64 = 1_795_255_200_000) {
        state = Mutex(State(wallMilliseconds: wallMilliseconds))
    }

    /// The present moment.
    public var now: MonotonicInstant { state.withLock { $0.now } }

    /// Milliseconds since 1970.
    public var nowMilliseconds: Int64 { state.withLock { $0.wallMilliseconds } }

    /// How many timers wait.
    public var timerCount: Int { state.withLock { $0.timers.count } }

    /// Keeps a timer until its deadline is reached by `advance`; one whose deadline has passed runs in the next.
    public func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
        state.withLock { state in
            state.lastID += 1
            state.timers[state.lastID] = Entry(deadline: deadline, action: action)
            return TimerToken(id: state.lastID)
        }
    }

    /// Forgets a timer.
    public func cancel(_ token: TimerToken) {
        state.withLock { state in _ = state.timers.removeValue(forKey: token.id) }
    }

    /// Moves both clocks on and runs what falls due.
    public func advance(byMilliseconds milliseconds: Int64) {
        let target = now.advanced(byMilliseconds: milliseconds)
        while let action = step(to: target) { action() }
    }

    /// Moves the wall clock alone, forward or back.
    public func advanceWall(byMilliseconds milliseconds: Int64) {
        state.withLock { $0.wallMilliseconds += milliseconds }
    }

    /// Moves to the next deadline, at most to `target`, and takes that timer out.
    private func step(to target: MonotonicInstant) -> (@Sendable () -> Void)? {
        state.withLock { state in
            let due = state.timers.filter { $0.value.deadline <= target }
            let next = due.min { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
            let moment = max(state.now, min(next?.value.deadline ?? target, target))
            state.wallMilliseconds += moment.milliseconds - state.now.milliseconds
            state.now = moment
            guard let next else { return nil }
            state.timers[next.key] = nil
            return next.value.action
        }
    }
}
