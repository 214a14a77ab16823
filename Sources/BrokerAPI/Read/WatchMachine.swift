import BrokerCore
import NIOCore
import RecordFormat

/// One answer of records, in any framing: a page that ends, or a watch that goes on.
///
/// Events in, actions out.
///
///     begin -> write(opening, bookmark) -> written -> read -> read(result) -> write(...) -> ... -> wait -> woke -> ...
///
/// The driver does what an action says and tells the machine what came of it; the machine knows no task or socket.
/// It holds a cursor and what one read returned: the log is the queue.
struct WatchMachine: Sendable {
    /// What happened.
    enum Event: Sendable {
        /// The answer begins.
        case begin
        /// The last piece was taken: time for the next one.
        case written
        /// What a read found.
        case read(ReadResult)
        /// A read failed.
        case failed(BrokerError)
        /// A wait ended.
        case woke(WakeReason)
        /// The client has changed what it takes, which ended a wait.
        case creditChanged
        /// Others have had their turn.
        case yielded
    }

    /// What to do next.
    enum Action: Sendable {
        /// Read from the cursor.
        case read(Cursor, ReadBudget)
        /// Wait until there is something past the cursor, or until the deadline.
        case wait(Cursor, until: MonotonicInstant)
        /// Wait until the client takes more, or until the deadline.
        case hold(until: MonotonicInstant)
        /// Let others have their turn: a filter passes over a long stretch.
        case yield
        /// Send these bytes.
        case write(ByteBuffer)
        /// Answer this instead: a page that cannot be given.
        case refuse(Problem)
        /// Close: everything has been said.
        case finish
    }

    private let options: WatchOptions
    private var encoder: EventEncoder
    private var cursor: Cursor
    private var room: BatchWalk.Room
    private var timers: StreamTimers
    private var pending: PendingRead?
    private var isCaughtUp = false
    private var lag: Int64?
    private var recordCount = 0
    private var hasGap = false
    private var cursorSentAt: MonotonicInstant
    private var owesBookmark = false
    /// Whether a filter has passed over records since the client was told a cursor.
    private var hasScanned = false
    private var credit = Credit()
    private var isEnding = false
    /// What ended the watch, if it did not end well.
    private(set) var failure: Problem?
    /// What will end it, once all that was read beside it has been sent.
    private var impediment: BrokerError?

    /// A machine that starts at the cursor.
    ///
    /// - Parameter shared: what all watchers share of the batches at the tail.
    init(_ options: WatchOptions, cursor: Cursor, shared: SharedFrames? = nil, now: MonotonicInstant) {
        self.options = options
        self.cursor = cursor
        cursorSentAt = now
        encoder = EventEncoder(
            framing: options.framing,
            recordEvent: options.recordEvent,
            jsonDepthMax: options.limits.jsonDepthMax,
            projection: options.projection,
            shared: shared
        )
        room = BatchWalk.Room(
            records: options.recordsMax,
            totalBytesMax: options.bytesMax,
            pieceBytes: options.framing == .json ? .max : WatchOptions.pieceBytes,
            scanBytes: options.isWatch ? .max : options.limits.pageScanBytesMax.value
        )
        timers = StreamTimers(
            limits: options.limits,
            timeoutMilliseconds: options.timeoutMilliseconds,
            random: options.random,
            now: now
        )
    }

    /// Takes what the client lets the broker send.
    mutating func take(_ change: Credit.Change) {
        credit.apply(change)
    }

    /// Takes an event and answers what to do.
    mutating func step(_ event: Event, now: MonotonicInstant, isDraining: Bool) -> Action {
        switch event {
        case .begin: return begin(now)
        case .written: return goOn(now, isDraining)
        case .read(let result): return take(result, now, isDraining)
        case .failed(let error): return fail(error, now)
        case .woke(.cancelled): return .finish
        case .woke(.draining): return end("drain", reconnect: true, now)
        case .woke(.moved): return isEnding ? .finish : .read(cursor, budget)
        case .woke(.timedOut): return onTime(now, isDraining)
        case .creditChanged: return goOn(now, isDraining)
        case .yielded: return afterScan(now, isDraining)
        }
    }

    /// Ends a watch for what its client does: what is still to be sent; nil when its goodbye was.
    mutating func leave(_ reason: StreamLeave, now: MonotonicInstant) -> ByteBuffer? {
        guard options.isWatch, !isEnding, failure == nil else { return nil }
        guard case .write(let bytes) = end(reason.rawValue, reconnect: reason == .slow, now) else { return nil }
        return bytes
    }

    /// Forgets what was read and not written: the log has it, from the cursor on.
    mutating func shed() {
        guard pending != nil else { return }
        pending = nil
        impediment = nil
        isCaughtUp = false
        lag = nil
    }

    // MARK: Steps

    private mutating func begin(_ now: MonotonicInstant) -> Action {
        encoder.open(retryMilliseconds: options.retryMilliseconds)
        guard options.isWatch else { return .read(cursor, budget) }
        // A drop before the first record must resume here, and not where the client began.
        return writeBookmark(now)
    }

    /// What to do when nothing waits to be written.
    private mutating func goOn(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isEnding { return .finish }
        if isDraining { return end("drain", reconnect: true, now) }
        if pending != nil, credit.mayDeliver { return encode(now, isDraining) }
        if pending == nil, let impediment { return fail(impediment, now) }
        if pending == nil, cursor.isAtEnd { return endAtEnd(now) }
        if room.records == 0 { return end("limit", reconnect: false, now) }
        if options.isWatch {
            if let reason = timers.end(at: now) { return end(reason, reconnect: true, now) }
            if now >= bookmarkDeadline { return writeBookmark(now) }
            if !credit.mayDeliver || isCaughtUp { return rest(now) }
        }
        guard isCaughtUp else { return .read(cursor, budget) }
        guard recordCount == 0, let until = options.waitUntil, now < until else {
            return end("end", reconnect: false, now)
        }
        return .wait(cursor, until: until)
    }

    private mutating func take(_ result: ReadResult, _ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        // A read that found nothing and did not move has caught up, whatever it says: the next thing is to wait.
        isCaughtUp = result.caughtUp || (result.slices.isEmpty && result.gaps.isEmpty && result.cursor == cursor)
        lag = result.lag
        for gap in result.gaps {
            if options.isStrict { return fail(.expired(gap)) }
            encoder.write(.gap(gap))
            hasGap = true
            for index in cursor.positions.indices where cursor.positions[index].partition == gap.partition {
                cursor.positions[index].next = gap.to
            }
        }
        impediment = result.failure
        pending = PendingRead(result, filter: options.filter)
        return credit.mayDeliver ? encode(now, isDraining) : goOn(now, isDraining)
    }

    /// Writes what was read until a piece is full.
    private mutating func encode(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        guard var current = pending else { return goOn(now, isDraining) }
        pending = nil
        let bytesBefore = encoder.byteCount
        var taken = room.limited(by: credit)
        taken.scanBytes = min(room.scanBytes, options.limits.scanBytesPerStep.value)
        let (before, scanBefore) = (taken.records, taken.scanBytes)
        let outcome: BatchWalk.Outcome
        do {
            outcome = try current.write(into: &encoder, cursor: &cursor, room: &taken)
        } catch {
            recordCount += before - taken.records
            return fail(error)
        }
        noteScan(bytes: scanBefore - taken.scanBytes)
        recordCount += before - taken.records
        room.records -= before - taken.records
        credit.use(records: before - taken.records, bytes: encoder.byteCount - bytesBefore)
        switch outcome {
        case .done: cursor = current.result.cursor
        case .pieceIsFull: pending = current
        case .scanIsFull where room.scanBytes > 0:
            pending = current
            if options.framing == .json || encoder.byteCount == 0 { return .yield }
        case .answerIsFull where !credit.mayDeliver && room.records > 0: pending = current
        case .answerIsFull, .scanIsFull:
            isCaughtUp = false
            lag = nil
            return end("limit", reconnect: false, now)
        }
        // A page is written whole at its end.
        if options.framing == .json || encoder.byteCount == 0 { return goOn(now, isDraining) }
        return flush(now)
    }

    private mutating func noteScan(bytes: Int) {
        guard bytes > 0 else { return }
        hasScanned = true
        if room.scanBytes != .max { room.scanBytes = max(0, room.scanBytes - bytes) }
    }

    /// In the middle of a long stretch: a watch tells how far it is, and ends when it must.
    private mutating func afterScan(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isDraining { return end("drain", reconnect: true, now) }
        guard options.isWatch else { return goOn(now, isDraining) }
        if let reason = timers.end(at: now) { return end(reason, reconnect: true, now) }
        return now >= bookmarkDeadline ? writeBookmark(now) : goOn(now, isDraining)
    }

    private mutating func onTime(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isDraining { return end("drain", reconnect: true, now) }
        guard options.isWatch else { return end("end", reconnect: false, now) }
        if let reason = timers.end(at: now) { return end(reason, reconnect: true, now) }
        if now >= bookmarkDeadline { return writeBookmark(now) }
        if now >= timers.heartbeat {
            encoder.writeHeartbeat()
            timers.sent(at: now)
            return .write(encoder.take())
        }
        return rest(now)
    }

    /// Sleeps until there is something to send and the client takes it; what waits to be sent goes out before.
    private mutating func rest(_ now: MonotonicInstant) -> Action {
        if encoder.byteCount > 0 { return flush(now) }
        let until = min(timers.next, bookmarkDeadline)
        return credit.mayDeliver ? .wait(cursor, until: until) : .hold(until: until)
    }

    // MARK: Writing

    private mutating func writeBookmark(_ now: MonotonicInstant) -> Action {
        let text = cursorText
        encoder.write(bookmark(text))
        encoder.endFlush(id: text)
        noteCursor(now)
        timers.sent(at: now)
        return .write(encoder.take())
    }

    /// What has been read and waits for the client is still to come, whatever the read said; and while the client takes
    /// nothing, nobody looks whether there is more.
    private func bookmark(_ cursor: String) -> StreamEvent {
        let isKnown = pending == nil && credit.mayDeliver
        return .bookmark(cursor: cursor, caughtUp: isCaughtUp && isKnown, lag: isKnown ? lag : nil)
    }

    /// Ends a flush of records.
    ///
    /// In SSE the last one carries the cursor; where that is long, or where records have no place
    /// for it, a bookmark follows instead, but not with every flush.
    private mutating func flush(_ now: MonotonicInstant) -> Action {
        let text = options.framing == .sse ? cursorText : ""
        let isShort = text.utf8.count <= options.limits.cursorBytesPerFlushMax.value
        if options.framing == .sse, isShort || now >= cursorDueAt {
            encoder.endFlush(id: text)
            noteCursor(now)
        } else {
            encoder.endFlush(id: nil)
            owesBookmark = true
        }
        timers.sent(at: now)
        return .write(encoder.take())
    }

    private mutating func noteCursor(_ now: MonotonicInstant) {
        timers.bookmarked(at: now)
        cursorSentAt = now
        owesBookmark = false
        hasScanned = false
    }

    /// What comes next cannot be read.
    ///
    /// A page then ends before it, if there is anything on it; the next one tells.
    private mutating func fail(_ error: BrokerError, _ now: MonotonicInstant) -> Action {
        isCaughtUp = false
        lag = nil
        let endsPage = !options.isWatch && (recordCount > 0 || hasGap)
        if endsPage { return end("limit", reconnect: false, now) }
        // Before the error, so that nothing of what was sent is read again.
        if owesBookmark { encoder.write(bookmark(cursorText)) }
        return fail(problem(error))
    }

    /// Where bytes are damaged, the problem tells the cursor behind them.
    private func problem(_ error: BrokerError) -> Problem {
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

    private mutating func fail(_ problem: Problem) -> Action {
        failure = problem
        guard options.isWatch else { return .refuse(problem) }
        encoder.write(.error(problem))
        return close("error", reconnect: problem.code.isRetryable, cursor: cursorText)
    }

    /// What was asked for has been read to its end.
    private mutating func endAtEnd(_ now: MonotonicInstant) -> Action {
        isCaughtUp = true
        lag = 0
        return end("end", reconnect: false, now)
    }

    private mutating func end(_ reason: String, reconnect: Bool, _ now: MonotonicInstant) -> Action {
        let text = cursorText
        // A page in any framing tells where to go on; a watch that ends tells it too, so that nothing is repeated.
        encoder.write(bookmark(text))
        return close(reason, reconnect: reconnect, cursor: text)
    }

    private mutating func close(_ reason: String, reconnect: Bool, cursor: String) -> Action {
        encoder.write(.goodbye(reason: reason, reconnect: reconnect, retryAfterMilliseconds: reconnect ? 250 : 0))
        // An event source comes back after any close: the mark in its id tells then that there is nothing more for it.
        encoder.endFlush(id: reconnect ? cursor : cursor + CursorText.endMark)
        encoder.close(extra: options.pageFields(self.cursor))
        isEnding = true
        return .write(encoder.take())
    }

    // MARK: Values

    private var cursorText: String { CursorText.encode(cursor, isOnePartition: options.isOnePartition) }

    private var budget: ReadBudget { ReadBudget(bytes: options.limits.readBytesPerStep) }

    private var cursorDueAt: MonotonicInstant {
        cursorSentAt.advanced(byMilliseconds: options.limits.longCursorInterval.wholeMilliseconds)
    }

    private var bookmarkDeadline: MonotonicInstant {
        if owesBookmark { return min(timers.bookmark, cursorDueAt) }
        guard hasScanned else { return timers.bookmark }
        let interval = options.limits.scanBookmarkInterval.wholeMilliseconds
        return min(timers.bookmark, cursorSentAt.advanced(byMilliseconds: interval))
    }
}
