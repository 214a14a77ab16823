import BrokerAPI
import Synchronization

/// The bytes of request bodies that all connections hold together, bounded.
///
/// A body counts for what has come of it, from its first byte until its request was answered: a slow client holds what it
/// has sent, not what it has announced.
final class BodyBudget: BodyRoom {
    private let bytesMax: Int
    private let held = Mutex(0)

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Whether a body of this size would find room now.
    func admits(_ bytes: Int) -> Bool {
        held.withLock { $0 + bytes <= bytesMax }
    }

    /// Takes room for bytes that have come; false when there is none.
    func take(_ bytes: Int) -> Bool {
        held.withLock { held in
            guard held + bytes <= bytesMax else { return false }
            held += bytes
            return true
        }
    }

    /// Gives room back.
    func giveBack(_ bytes: Int) {
        held.withLock { $0 -= bytes }
    }
}
