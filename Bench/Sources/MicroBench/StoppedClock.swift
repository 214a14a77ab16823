import BrokerCore

/// Time that stands still: no timer runs, so that every pass does the same.
struct StoppedClock: MonotonicClock, WallClock {
    let now = MonotonicInstant(milliseconds: 1_000_000)

    var nowMilliseconds: Int64 { SampleRecords.start.millisecondsSinceEpoch }

    func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
        TimerToken(id: 0)
    }

    func cancel(_ token: TimerToken) {}
}
