/// Exponentially growing delays with jitter, so that many clients of a restarted broker do not return in step.
public struct Backoff: Sendable, Hashable {
    /// The ceiling of the first delay.
    public let initial: Duration
    /// The ceiling of all later delays.
    public let max: Duration
    private var ceiling: Duration

    /// Creates a sequence of delays.
    public init(initial: Duration = .milliseconds(100), max: Duration = .seconds(5)) {
        self.initial = initial
        self.max = max
        self.ceiling = initial
    }

    /// The next delay: between half of the ceiling and the ceiling, which then doubles.
    public mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let delay = ceiling * Double.random(in: 0.5...1, using: &generator)
        ceiling = min(ceiling * 2, max)
        return delay
    }

    /// The next delay.
    public mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// Starts over, after a success.
    public mutating func reset() {
        ceiling = initial
    }
}
