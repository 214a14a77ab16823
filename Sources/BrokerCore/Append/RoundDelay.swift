import SegmentStore

/// How long a round waits while the ring is short of room, so that producers slow down before they meet its end.
enum RoundDelay {
    /// The longest wait of one round.
    static let millisecondsMax: Int64 = 1000

    /// At this pace what is free lasts as long as a checkpoint takes, which then frees most of the ring: so the wait grows
    /// with the shortage, and with the slowness of the disk.
    /// - Parameter checkpointMilliseconds: how long the last checkpoint took, or the one under way has taken so far.
    static func milliseconds(_ room: RingRoom, checkpointMilliseconds: Int64) -> Int64 {
        guard room.isShort else { return 0 }
        // Half of what a round may need is its own frame; the rest is for tail blocks, which few rounds have.
        let share = Double(room.neededBytes / 2) / Double(max(room.freeBytes, 1))
        return min(millisecondsMax, Int64(share * Double(checkpointMilliseconds)))
    }
}
