import BrokerCore
import NIOCore
import RecordFormat

/// A member's stream: what the group says, written in a framing.
///
/// Events in, actions out.
struct GroupStreamMachine: Sendable {
    /// What happened.
    enum Event: Sendable {
        /// The answer begins.
        case begin
        /// The last piece was taken.
        case written
        /// What the group said.
        case group(GroupEvent)
    }

    /// What to do next.
    enum Action: Sendable {
        /// Ask the group for its next event, until the deadline, and for no more records than the client takes.
        case next(until: MonotonicInstant, DeliveryAllowance)
        /// Send these bytes.
        case write(ByteBuffer)
        /// Close: everything has been said.
        case finish
    }

    private let retryMilliseconds: Int64
    private let greeting: StreamEvent
    private var encoder: EventEncoder
    private var timers: StreamTimers
    private var room = BatchWalk.Room(records: .max, totalBytesMax: .max, pieceBytes: WatchOptions.pieceBytes)
    private var walk: BatchWalk?
    private var credit = Credit()
    private var isEnding = false
    /// What ended the stream, if it did not end well.
    private(set) var failure: Problem?

    /// A machine that has said nothing.
    ///
    /// - Parameter greeting: what it says first.
    init(encoder: EventEncoder, timers: StreamTimers, retryMilliseconds: Int64, greeting: StreamEvent) {
        self.encoder = encoder
        self.timers = timers
        self.retryMilliseconds = retryMilliseconds
        self.greeting = greeting
    }

    /// Takes what the client lets the broker send.
    mutating func take(_ change: Credit.Change) {
        credit.apply(change)
    }

    /// Takes an event and answers what to do.
    mutating func step(_ event: Event, now: MonotonicInstant, isDraining: Bool) -> Action {
        switch event {
        case .begin:
            encoder.open(retryMilliseconds: retryMilliseconds)
            encoder.write(greeting)
            return flush(now)
        case .written:
            if isEnding { return .finish }
            if isDraining { return end("drain", now) }
            if walk != nil { return encode(now) }
            return timers.end(at: now).map { end($0, now) } ?? next
        case .group(let event):
            return take(event, now, isDraining)
        }
    }

    /// Ends the stream for what its client does: what is still to be sent; nil when its goodbye was.
    mutating func leave(_ reason: StreamLeave, now: MonotonicInstant) -> ByteBuffer? {
        guard !isEnding else { return nil }
        let action = goodbye(reason.rawValue, reconnect: reason == .slow, retryAfterMilliseconds: 250, now)
        guard case .write(let bytes) = action else { return nil }
        return bytes
    }

    private mutating func take(_ event: GroupEvent, _ now: MonotonicInstant, _ isDraining: Bool) -> Action {
        switch event {
        case .records(let slice, _):
            walk = BatchWalk(slice)
            return encode(now)
        case .idle:
            if isDraining { return end("drain", now) }
            return idle(now)
        case .goodbye(let reason, let reconnect, let milliseconds):
            return goodbye(reason, reconnect: reconnect, retryAfterMilliseconds: milliseconds, now)
        default:
            if let event = StreamEvent(event) { encoder.write(event) }
            return flush(now)
        }
    }

    private mutating func encode(_ now: MonotonicInstant) -> Action {
        guard var current = walk else { return next }
        walk = nil
        let (recordsBefore, bytesBefore) = (room.records, encoder.byteCount)
        do throws(Problem) {
            if try current.write(into: &encoder, room: &room) != .done { walk = current }
        } catch {
            failure = error
            encoder.write(.error(error))
            return goodbye("error", reconnect: false, retryAfterMilliseconds: 0, now)
        }
        credit.use(records: recordsBefore - room.records, bytes: encoder.byteCount - bytesBefore)
        return encoder.byteCount == 0 ? next : flush(now)
    }

    private var next: Action { .next(until: timers.next, credit.allowance) }

    private mutating func idle(_ now: MonotonicInstant) -> Action {
        if let reason = timers.end(at: now) { return end(reason, now) }
        // A member's place is what it has committed, so its stream has no bookmarks.
        if now >= timers.bookmark { timers.bookmarked(at: now) }
        guard now >= timers.heartbeat else { return next }
        encoder.writeHeartbeat()
        return flush(now)
    }

    private mutating func end(_ reason: String, _ now: MonotonicInstant) -> Action {
        goodbye(reason, reconnect: true, retryAfterMilliseconds: 250, now)
    }

    private mutating func goodbye(
        _ reason: String,
        reconnect: Bool,
        retryAfterMilliseconds: Int64,
        _ now: MonotonicInstant
    ) -> Action {
        encoder.write(
            .goodbye(reason: reason, reconnect: reconnect, retryAfterMilliseconds: retryAfterMilliseconds)
        )
        isEnding = true
        // The only id of a member's stream: an event source that comes back with it is told to stop.
        return flush(now, id: reconnect ? nil : CursorText.endMark)
    }

    private mutating func flush(_ now: MonotonicInstant, id: String? = nil) -> Action {
        encoder.endFlush(id: id)
        timers.sent(at: now)
        return .write(encoder.take())
    }
}

extension StreamEvent {
    /// A group's event as the stream says it; nil for records, idleness and goodbye, which are not said so.
    init?(_ event: GroupEvent) {
        switch event {
        case .assigned(let groupEpoch, let partitions): self = .assigned(groupEpoch: groupEpoch, partitions)
        case .revoking(let partitions, let milliseconds):
            self = .revoking(partitions, deadlineMilliseconds: milliseconds)
        case .revoked(let partitions): self = .revoked(partitions)
        case .paused(let records, let bytes): self = .paused(uncommitted: records, uncommittedBytes: bytes)
        case .resumed: self = .resumed
        case .leaseWarning(let partitions, let milliseconds):
            self = .leaseWarning(partitions, remainingMilliseconds: milliseconds)
        case .gap(let gap): self = .gap(gap)
        case .unreadable(let partition, let error):
            let problem = Problem(error)
            self = .error(Problem(problem.code, "\(partition) is not delivered any further: \(problem.detail)"))
        case .records, .idle, .goodbye: return nil
        }
    }
}
