import BrokerCore
import NIOCore
import RecordFormat

/// A page or a watch of records.
typealias RecordWatch = WatchMachine<RecordContent>

extension WatchMachine<RecordContent> {
    /// A machine that starts at the cursor.
    ///
    /// - Parameter shared: what all watchers share of the batches at the tail.
    init(_ options: WatchOptions, cursor: Cursor, shared: SharedFrames? = nil, now: MonotonicInstant) {
        self.init(RecordContent(options, cursor: cursor, shared: shared), options, now: now)
    }
}

/// One answer, in any framing: a page that ends, or a watch that goes on.
///
/// Events in, actions out.
///
///     begin -> write(opening, bookmark) -> written -> read -> read(result) -> write(...) -> ... -> wait -> woke -> ...
///
/// The driver does what an action says and tells the machine what came of it; the machine knows no task or socket.
struct WatchMachine<Content: WatchContent>: Sendable {
    /// What happened.
    enum Event: Sendable {
        /// The answer begins.
        case begin
        /// The last piece was taken: time for the next one.
        case written
        /// What a read found.
        case read(Content.Found)
        /// A read failed.
        case failed(BrokerError)
        /// A wait ended.
        case woke(WakeReason)
        /// The client has changed what it takes, which ended a wait; or a wait was interrupted for nothing.
        case creditChanged
        /// Others have had their turn.
        case yielded
    }

    /// What to do next.
    enum Action: Sendable {
        /// Read this.
        case read(Content.Reading)
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
    private var content: Content
    private var room: BatchWalk.Room
    private var timers: StreamTimers
    private var recordCount = 0
    private var cursorSentAt: MonotonicInstant
    /// Whether no cursor was sent yet but the opening one: the next is due at once, so that also a client that always drops
    /// early comes further each time.
    private var isAtOpening = true
    private var owesBookmark = false
    /// Whether a filter has passed over records since the client was told a cursor.
    private var hasScanned = false
    private var credit = Credit()
    private var isEnding = false
    /// What ended the watch, if it did not end well.
    private(set) var failure: Problem?
    /// What will end it, once all that was read beside it has been sent.
    private var impediment: BrokerError?

    /// A machine that has sent nothing.
    init(_ content: Content, _ options: WatchOptions, now: MonotonicInstant) {
        self.options = options
        self.content = content
        cursorSentAt = now
        room = BatchWalk.Room(
            records: options.recordsMax,
            totalBytesMax: options.bytesMax,
            pieceBytes: options.isOnePiece ? .max : WatchOptions.pieceBytes,
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
        case .begin: return begin(now, isDraining)
        case .written: return goOn(now, isDraining)
        case .read(let found): return take(found, now, isDraining)
        case .failed(let error): return fail(error, now)
        case .woke(.cancelled): return .finish
        case .woke(.draining): return end("drain", reconnect: true)
        case .woke(.moved): return isEnding ? .finish : .read(content.reading)
        case .woke(.timedOut): return onTime(now, isDraining)
        case .creditChanged: return goOn(now, isDraining)
        case .yielded: return afterScan(now, isDraining)
        }
    }

    /// Ends a watch for what its client does: what is still to be sent; nil when its goodbye was.
    mutating func leave(_ reason: StreamLeave, now: MonotonicInstant) -> ByteBuffer? {
        guard options.isWatch, !isEnding, failure == nil else { return nil }
        guard case .write(let bytes) = end(reason.rawValue, reconnect: reason == .slow) else { return nil }
        return bytes
    }

    /// Forgets what was read and not written: the log has it, from the cursor on.
    mutating func shed() {
        guard content.isPending else { return }
        content.shed()
        impediment = nil
    }

    // MARK: Steps

    private mutating func begin(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        content.encoder.open(retryMilliseconds: options.retryMilliseconds)
        guard options.isWatch else { return .read(content.reading) }
        // A drop before the first record must resume here, and not where the client began.
        guard content.mayBookmark else {
            return content.encoder.byteCount > 0 ? flush(now) : goOn(now, isDraining)
        }
        let opening = writeBookmark(now)
        isAtOpening = true
        return opening
    }

    /// What to do when nothing waits to be written.
    private mutating func goOn(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isEnding { return .finish }
        if isDraining { return end("drain", reconnect: true) }
        if content.isPending, credit.mayDeliver { return encode(now, isDraining) }
        if !content.isPending, let impediment { return fail(impediment, now) }
        if !content.isPending, content.isAtEnd { return end("end", reconnect: false) }
        if room.records == 0 { return end("limit", reconnect: false) }
        if options.isWatch {
            if let reason = timers.end(at: now) { return end(reason, reconnect: true) }
            if let bookmark = dueBookmark(now) { return bookmark }
            if !credit.mayDeliver || content.isCaughtUp { return rest(now) }
        }
        guard content.isCaughtUp else { return .read(content.reading) }
        guard recordCount == 0, !content.hasGap, let until = options.waitUntil, now < until else {
            return end("end", reconnect: false)
        }
        return .wait(content.cursor, until: until)
    }

    private mutating func take(_ found: Content.Found, _ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        do throws(Problem) {
            impediment = try content.take(found)
        } catch {
            return fail(error)
        }
        return credit.mayDeliver ? encode(now, isDraining) : goOn(now, isDraining)
    }

    /// Writes what was read until a piece is full.
    private mutating func encode(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        guard content.isPending else { return goOn(now, isDraining) }
        let bytesBefore = content.encoder.byteCount
        var taken = room.limited(by: credit)
        taken.scanBytes = min(room.scanBytes, options.limits.scanBytesPerStep.value)
        let (before, scanBefore) = (taken.records, taken.scanBytes)
        let outcome: BatchWalk.Outcome
        do {
            outcome = try content.write(&taken)
        } catch {
            recordCount += before - taken.records
            return fail(error)
        }
        noteScan(bytes: scanBefore - taken.scanBytes)
        recordCount += before - taken.records
        room.records -= before - taken.records
        credit.use(records: before - taken.records, bytes: content.encoder.byteCount - bytesBefore)
        switch outcome {
        case .done, .pieceIsFull: break
        case .scanIsFull where room.scanBytes > 0:
            if options.isOnePiece || content.encoder.byteCount == 0 { return .yield }
        case .answerIsFull where !credit.mayDeliver && room.records > 0: break
        case .answerIsFull, .scanIsFull:
            content.breakOff()
            return end("limit", reconnect: false)
        }
        // A page is written whole at its end.
        if options.isOnePiece || content.encoder.byteCount == 0 { return goOn(now, isDraining) }
        return flush(now)
    }

    private mutating func noteScan(bytes: Int) {
        guard bytes > 0 else { return }
        hasScanned = true
        if room.scanBytes != .max { room.scanBytes = max(0, room.scanBytes - bytes) }
    }

    /// In the middle of a long stretch: a watch tells how far it is, and ends when it must.
    private mutating func afterScan(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isDraining { return end("drain", reconnect: true) }
        guard options.isWatch else { return goOn(now, isDraining) }
        if let reason = timers.end(at: now) { return end(reason, reconnect: true) }
        return dueBookmark(now) ?? goOn(now, isDraining)
    }

    private mutating func onTime(_ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        if isDraining { return end("drain", reconnect: true) }
        guard options.isWatch else { return end("end", reconnect: false) }
        if let reason = timers.end(at: now) { return end(reason, reconnect: true) }
        if let bookmark = dueBookmark(now) { return bookmark }
        if now >= timers.heartbeat {
            content.encoder.writeHeartbeat()
            timers.sent(at: now)
            // Not every form of an answer has one.
            if content.encoder.byteCount > 0 { return .write(content.encoder.take()) }
        }
        return rest(now)
    }

    /// Sleeps until there is something to send and the client takes it; what waits to be sent goes out before.
    private mutating func rest(_ now: MonotonicInstant) -> Action {
        if content.encoder.byteCount > 0 { return flush(now) }
        let until = min(timers.next, bookmarkDeadline)
        return credit.mayDeliver ? .wait(content.cursor, until: until) : .hold(until: until)
    }

    // MARK: Writing

    private mutating func writeBookmark(_ now: MonotonicInstant) -> Action {
        content.writeBookmark(isReading: credit.mayDeliver)
        content.encoder.endFlush(id: content.place)
        noteCursor(now)
        timers.sent(at: now)
        return .write(content.encoder.take())
    }

    /// A bookmark that is due; where none can be written now it is due again later.
    private mutating func dueBookmark(_ now: MonotonicInstant) -> Action? {
        guard now >= bookmarkDeadline else { return nil }
        if content.mayBookmark { return writeBookmark(now) }
        timers.bookmarked(at: now)
        cursorSentAt = now
        isAtOpening = false
        return nil
    }

    /// Ends a flush of records.
    ///
    /// In SSE the last one carries the cursor; where that is long, or where records have no place
    /// for it, a bookmark follows instead, but not with every flush.
    private mutating func flush(_ now: MonotonicInstant) -> Action {
        let text = options.framing == .sse ? content.place : nil
        let isShort = (text?.utf8.count ?? 0) <= options.limits.cursorBytesPerFlushMax.value
        if let text, isShort || now >= cursorDueAt {
            content.encoder.endFlush(id: text)
            noteCursor(now)
        } else {
            content.encoder.endFlush(id: nil)
            owesBookmark = owesBookmark || content.owesPlaces
        }
        timers.sent(at: now)
        return .write(content.encoder.take())
    }

    private mutating func noteCursor(_ now: MonotonicInstant) {
        timers.bookmarked(at: now)
        cursorSentAt = now
        isAtOpening = false
        owesBookmark = false
        hasScanned = false
    }

    /// What comes next cannot be read.
    ///
    /// A page then ends before it, if there is anything on it; the next one tells.
    private mutating func fail(_ error: BrokerError, _ now: MonotonicInstant) -> Action {
        content.breakOff()
        let endsPage = !options.isWatch && (recordCount > 0 || content.hasGap)
        if endsPage { return end("limit", reconnect: false) }
        // Before the error, so that nothing of what was sent is read again.
        if owesBookmark, content.mayBookmark { content.writeBookmark(isReading: credit.mayDeliver) }
        return fail(content.problem(error))
    }

    private mutating func fail(_ problem: Problem) -> Action {
        failure = problem
        guard options.isWatch else { return .refuse(problem) }
        content.write(problem)
        return close("error", reconnect: problem.code.isRetryable)
    }

    private mutating func end(_ reason: String, reconnect: Bool) -> Action {
        // A page in any framing tells where to go on; a watch that ends tells it too, so that nothing is repeated.
        if content.mayBookmark { content.writeBookmark(isReading: credit.mayDeliver) }
        return close(reason, reconnect: reconnect)
    }

    private mutating func close(_ reason: String, reconnect: Bool) -> Action {
        content.close(reason, reconnect: reconnect, failure)
        isEnding = true
        return .write(content.encoder.take())
    }

    // MARK: Values

    private var cursorDueAt: MonotonicInstant {
        guard !isAtOpening else { return cursorSentAt }
        return cursorSentAt.advanced(byMilliseconds: options.limits.longCursorInterval.wholeMilliseconds)
    }

    private var bookmarkDeadline: MonotonicInstant {
        if owesBookmark { return min(timers.bookmark, cursorDueAt) }
        guard hasScanned else { return timers.bookmark }
        let interval = options.limits.scanBookmarkInterval.wholeMilliseconds
        return min(timers.bookmark, cursorSentAt.advanced(byMilliseconds: interval))
    }
}
