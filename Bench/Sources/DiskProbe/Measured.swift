/// When a pattern ends.
struct Deadline: Sendable {
    private let duration: Duration
    private let end: ContinuousClock.Instant

    init(seconds: Double) {
        self.init(duration: .seconds(seconds))
    }

    private init(duration: Duration) {
        self.duration = duration
        end = .now + duration
    }

    var isOver: Bool { ContinuousClock.now >= end }

    /// The same time again from now on, after preparations that are not measured.
    func startingNow() -> Deadline {
        Deadline(duration: duration)
    }
}

/// How long each round of a pattern took.
struct Measured: Sendable {
    /// Sorted; empty where only the whole was measured.
    let nanoseconds: [Int64]
    let rounds: Int
    let elapsed: Duration

    init(nanoseconds: [Int64], rounds: Int, elapsed: Duration) {
        self.nanoseconds = nanoseconds.sorted()
        self.rounds = rounds
        self.elapsed = elapsed
    }

    /// Repeats `round` for the deadline's whole time, counted from now, and notes what each took; `between` is not measured.
    static func rounds(
        until deadline: Deadline,
        _ round: () throws -> Void,
        between: () throws -> Void = {}
    ) throws -> Measured {
        var nanoseconds: [Int64] = []
        nanoseconds.reserveCapacity(1 << 20)
        let deadline = deadline.startingNow()
        let start = ContinuousClock.now
        while !deadline.isOver {
            let before = ContinuousClock.now
            try round()
            nanoseconds.append((ContinuousClock.now - before).nanoseconds)
            try between()
        }
        return Measured(nanoseconds: nanoseconds, rounds: nanoseconds.count, elapsed: ContinuousClock.now - start)
    }

    /// The latency that a share of the rounds did not exceed, in milliseconds.
    func milliseconds(at share: Double) -> Double? {
        guard !nanoseconds.isEmpty else { return nil }
        let index = min(nanoseconds.count - 1, Int(Double(nanoseconds.count) * share))
        return Double(nanoseconds[index]) / 1e6
    }

    var roundsPerSecond: Double {
        Double(rounds) * 1e9 / Double(max(1, elapsed.nanoseconds))
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
