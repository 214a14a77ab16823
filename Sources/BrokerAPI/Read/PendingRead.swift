import BrokerCore
import RecordFormat

/// What one read returned, on its way to the client: written piece by piece, with a cursor that is right after each.
struct PendingRead: Sendable {
    /// What was read.
    let result: ReadResult
    private let filter: RecordFilter?
    private var slice = 0
    private var walk: BatchWalk?

    /// Nothing of it written yet.
    init(_ result: ReadResult, filter: RecordFilter? = nil) {
        self.result = result
        self.filter = filter
    }

    /// Writes until everything is written or the piece or the answer is full; moves the cursor past what was written.
    mutating func write(
        into encoder: inout EventEncoder,
        cursor: inout Cursor,
        room: inout BatchWalk.Room
    ) throws(Problem) -> BatchWalk.Outcome {
        while slice < result.slices.count {
            var current = walk ?? BatchWalk(result.slices[slice], filter: filter)
            // Also before what cannot be read: what stands before it is written.
            defer { cursor.positions[current.slice.position].next = current.next }
            let outcome = try current.write(into: &encoder, room: &room)
            guard outcome == .done else {
                walk = current
                return outcome
            }
            walk = nil
            slice += 1
        }
        return .done
    }
}
