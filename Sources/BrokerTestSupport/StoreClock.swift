public import RecordFormat
import Synchronization

/// The wall clock of a store's lives: it stands until it is moved, so that every run sees the same times.
public final class StoreClock: Sendable {
    /// When the first life begins.
    public static let start = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000)
    private let milliseconds: Mutex<Int64>

    /// A clock that stands at a time.
    public init(_ now: Timestamp = StoreClock.start) {
        milliseconds = Mutex(now.millisecondsSinceEpoch)
    }

    /// The time.
    public var now: Timestamp { milliseconds.withLock { Timestamp(millisecondsSinceEpoch: $0) } }

    /// Moves it on.
    func advance(milliseconds step: Int) {
        milliseconds.withLock { $0 += Int64(step) }
    }
}
