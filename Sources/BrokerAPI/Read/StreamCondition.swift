import BrokerCore
import Synchronization

/// What must hold of the topics while a stream runs, beside what its content knows; a stream for which it does not hold any more
/// ends with an error.
struct StreamCondition: Sendable {
    /// How often a stream that waits looks whether it still holds (1 s).
    static let intervalMilliseconds: Int64 = 1000

    /// What ends the stream.
    let error: BrokerError
    /// Whether it holds.
    let holds: @Sendable () -> Bool

    /// A condition, and what ends a stream for which it does not hold.
    ///
    /// A look at the topics is dear: `holds` is asked only when they have changed since it was asked last.
    init(of engine: any BrokerEngine, else error: BrokerError, holds: @escaping @Sendable () -> Bool) {
        self.error = error
        let seen = Mutex<Int64?>(nil)
        self.holds = {
            // Before the look: a change that comes meanwhile leads to another one.
            let changes = engine.topicChanges
            guard seen.withLock({ $0 != changes }) else { return true }
            let isHolding = holds()
            if isHolding { seen.withLock { $0 = changes } }
            return isHolding
        }
    }
}
