import RecordFormat

/// The time of a command by both clocks of the house: monotonic for timeouts, wall for what must survive a restart.
public struct GroupNow: Hashable, Sendable {
    /// Milliseconds of the monotonic clock; only differences mean anything, and only within one process.
    public let monotonicMilliseconds: Int64

    /// The wall clock, for commit timestamps and for deadlines that survive a restart.
    public let wall: Timestamp

    /// Makes a time from both clocks.
    public init(monotonicMilliseconds: Int64, wall: Timestamp) {
        self.monotonicMilliseconds = monotonicMilliseconds
        self.wall = wall
    }
}
