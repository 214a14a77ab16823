import BrokerCore

/// What must hold while a stream runs, beside what its content knows; a stream for which it does not hold any more ends with an
/// error.
struct StreamCondition: Sendable {
    /// How often a stream that waits looks whether it still holds (1 s).
    static let intervalMilliseconds: Int64 = 1000

    /// What ends the stream.
    let error: BrokerError
    /// Whether it holds.
    let holds: @Sendable () -> Bool

    /// A condition, and what ends a stream for which it does not hold.
    init(else error: BrokerError, holds: @escaping @Sendable () -> Bool) {
        self.error = error
        self.holds = holds
    }
}
