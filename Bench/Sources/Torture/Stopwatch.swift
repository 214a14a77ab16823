import Glibc

/// Time since it was made.
struct Stopwatch: Sendable {
    /// What it measures.
    enum Time: Sendable {
        /// The time that passes.
        case wall
        /// The time that the processors spend on this process.
        case processor
    }

    private let time: Time
    private let start: Double

    init(_ time: Time = .wall) {
        self.time = time
        start = Self.now(time)
    }

    var seconds: Double { Self.now(time) - start }

    private static func now(_ time: Time) -> Double {
        var now = timespec()
        clock_gettime(time == .wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }
}
