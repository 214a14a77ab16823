/// A moment on a clock that never goes back; only differences mean anything.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Milliseconds since the clock's own zero.
    public let milliseconds: Int64

    /// Creates an instant.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The instant `milliseconds` later.
    public func advanced(byMilliseconds milliseconds: Int64) -> MonotonicInstant {
        MonotonicInstant(milliseconds: self.milliseconds + milliseconds)
    }

    /// Whether `left` is the earlier moment.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// Time for timeouts, injected: the system's, or a test's.
public protocol MonotonicClock: Sendable {
    /// The present moment.
    var now: MonotonicInstant { get }

    /// Runs `action` once, at or soon after the deadline, on the clock's own thread; it must be short and not block.
    ///
    /// - Returns: a token with which the timer can be cancelled; an action that is already running is not stopped.
    func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken

    /// Forgets a timer. Harmless when it has run.
    func cancel(_ token: TimerToken)
}

/// Names a scheduled timer of one clock.
public struct TimerToken: Hashable, Sendable {
    /// The clock's own number for it.
    public let id: UInt64

    /// Creates a token.
    public init(id: UInt64) {
        self.id = id
    }
}

/// Time for timestamps, retention and persisted deadlines, injected.
public protocol WallClock: Sendable {
    /// Milliseconds since 1970, as the machine believes.
    var nowMilliseconds: Int64 { get }
}
