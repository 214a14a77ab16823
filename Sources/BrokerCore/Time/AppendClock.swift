import RecordFormat
import Synchronization

/// Wall time that never goes back within the process, for the timestamps of records.
final class AppendClock: Sendable {
    private let wallClock: any WallClock
    private let last = Atomic<Int64>(Int64.min)

    init(_ wallClock: any WallClock) {
        self.wallClock = wallClock
    }

    /// The later of the wall clock and what was given out before.
    func now() -> Timestamp {
        let wall = wallClock.nowMilliseconds
        let (_, latest) = last.max(wall, ordering: .relaxed)
        return Timestamp(millisecondsSinceEpoch: latest)
    }
}
