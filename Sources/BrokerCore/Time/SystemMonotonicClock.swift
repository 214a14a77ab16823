import Synchronization

/// The machine's monotonic clock, with one thread that runs the timers.
public final class SystemMonotonicClock: MonotonicClock {
    private let core = Core()

    /// Starts the thread; it ends when the clock is let go.
    public init() {
        let core = core
        _ = DedicatedThread(name: "clock") { core.run() }
    }

    deinit { core.stop() }

    /// The present moment.
    public var now: MonotonicInstant { MonotonicInstant(milliseconds: SystemTime.monotonicMilliseconds) }

    /// Runs `action` once, at or soon after the deadline, on the clock's thread.
    public func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
        core.schedule(at: deadline, action)
    }

    /// Forgets a timer.
    public func cancel(_ token: TimerToken) {
        core.cancel(token)
    }

    /// What the thread and the callers share.
    ///
    /// The table's lock is a leaf; actions run outside of it.
    private final class Core: Sendable {
        private struct State {
            var table = TimerTable()
            var isStopped = false
        }

        private let state = Mutex(State())
        private let parker = ThreadParker()

        func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
            let (token, isFirst) = state.withLock { $0.table.add(deadline, action) }
            // The thread sleeps until the earliest deadline it knew: only an earlier one must wake it.
            if isFirst { parker.unpark() }
            return token
        }

        func cancel(_ token: TimerToken) {
            state.withLock { $0.table.remove(token) }
        }

        func stop() {
            state.withLock { $0.isStopped = true }
            parker.unpark()
        }

        func run() {
            while true {
                let now = MonotonicInstant(milliseconds: SystemTime.monotonicMilliseconds)
                let (due, next, isStopped) = state.withLock { state in
                    (state.table.takeDue(now), state.table.nextDeadline, state.isStopped)
                }
                if isStopped { return }
                for action in due { action() }
                if due.isEmpty { parker.park(untilMilliseconds: next?.milliseconds) }
            }
        }
    }
}

/// The machine's wall clock.
public struct SystemWallClock: WallClock {
    /// Creates the clock.
    public init() {}

    /// Milliseconds since 1970, as the machine believes.
    public var nowMilliseconds: Int64 { SystemTime.wallMilliseconds }
}
