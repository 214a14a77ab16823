import BrokerCore
import RecordFormat

/// The records of topics, as a page or a watch has them.
///
/// It holds a cursor and what one read returned: the log is the queue.
struct RecordContent: WatchContent {
    /// A read from a cursor.
    struct Reading: Sendable {
        let cursor: Cursor
        let budget: ReadBudget
        /// Whether a failure that may pass is waited out: a page tells it at once.
        let isPatient: Bool
    }

    var encoder: EventEncoder
    private(set) var cursor: Cursor
    private(set) var isCaughtUp = false
    private(set) var hasGap = false
    private let options: WatchOptions
    private var pending: PendingRead?
    private var lag: Int64?

    /// Records from the cursor on.
    ///
    /// - Parameter shared: what all watchers share of the batches at the tail.
    init(_ options: WatchOptions, cursor: Cursor, shared: SharedFrames? = nil) {
        self.options = options
        self.cursor = cursor
        encoder = EventEncoder(
            framing: options.framing,
            recordEvent: options.recordEvent,
            jsonDepthMax: options.limits.jsonDepthMax,
            projection: options.projection,
            shared: shared
        )
    }

    static func read(_ reading: Reading, _ engine: any BrokerEngine) async throws(BrokerError) -> ReadResult {
        guard reading.isPatient else { return try await engine.read(reading.cursor, budget: reading.budget) }
        return try await engine.retrying { () async throws(BrokerError) in
            try await engine.read(reading.cursor, budget: reading.budget)
        }
    }

    static func readNow(_ reading: Reading, _ engine: any BrokerEngine, _ round: StreamRound) -> ReadResult? {
        round.read(reading.cursor, reading.budget, engine)
    }

    var reading: Reading {
        let budget = ReadBudget(bytes: options.limits.readBytesPerStep)
        return Reading(cursor: cursor, budget: budget, isPatient: options.isWatch)
    }
    var isAtEnd: Bool { cursor.isAtEnd }
    var isPending: Bool { pending != nil }
    var place: String? { text }
    var mayBookmark: Bool { true }
    var owesPlaces: Bool { true }

    private var text: String { CursorText.encode(cursor, isOnePartition: options.isOnePartition) }

    mutating func take(_ found: ReadResult) throws(Problem) -> BrokerError? {
        // A read that found nothing and did not move has caught up, whatever it says: the next thing is to wait.
        isCaughtUp = found.caughtUp || (found.slices.isEmpty && found.gaps.isEmpty && found.cursor == cursor)
        lag = found.lag
        for gap in found.gaps {
            if options.isStrict { throw .expired(gap) }
            encoder.write(.gap(gap))
            hasGap = true
            for index in cursor.positions.indices where cursor.positions[index].partition == gap.partition {
                cursor.positions[index].next = gap.to
            }
        }
        pending = PendingRead(found, filter: options.filter)
        return found.failure
    }

    mutating func write(_ room: inout BatchWalk.Room) throws(Problem) -> BatchWalk.Outcome {
        guard var current = pending else { return .done }
        pending = nil
        let outcome = try current.write(into: &encoder, cursor: &cursor, room: &room)
        if outcome == .done { cursor = current.result.cursor } else { pending = current }
        return outcome
    }

    mutating func shed() {
        pending = nil
        breakOff()
    }

    mutating func breakOff() {
        isCaughtUp = false
        lag = nil
    }

    /// What has been read and waits for the client is still to come, whatever the read said; and while the client takes
    /// nothing, nobody looks whether there is more.
    mutating func writeBookmark(isReading: Bool) {
        let isDone = isAtEnd && pending == nil
        let isKnown = pending == nil && isReading
        let lag = isDone ? 0 : isKnown ? lag : nil
        encoder.write(.bookmark(cursor: text, caughtUp: isDone || (isCaughtUp && isKnown), lag: lag))
    }

    mutating func write(_ problem: Problem) {
        encoder.write(.error(problem))
    }

    mutating func close(_ reason: String, reconnect: Bool, _ problem: Problem?) {
        encoder.write(.goodbye(reason: reason, reconnect: reconnect, retryAfterMilliseconds: reconnect ? 250 : 0))
        // An event source comes back after any close: the mark in its id tells then that there is nothing more for it.
        encoder.endFlush(id: reconnect ? text : text + CursorText.endMark)
        encoder.close(extra: options.pageFields(cursor))
    }

    /// Where bytes are damaged, the problem tells the cursor behind them.
    func problem(_ error: BrokerError) -> Problem {
        var problem = Problem(error)
        guard case .damaged(let partition, _, let to, _) = error else { return problem }
        var behind = cursor
        for index in behind.positions.indices where behind.positions[index].partition == partition {
            behind.positions[index].next = to
        }
        let text = CursorText.encode(behind, isOnePartition: options.isOnePartition)
        problem.members.append(Problem.Member("next", .string(text)))
        return problem
    }
}
