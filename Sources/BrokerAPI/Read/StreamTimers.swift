import BrokerCore
import RecordFormat

/// The moments at which a stream does something by itself.
struct StreamTimers: Sendable {
    /// When to send a heartbeat, unless something else is sent before.
    private(set) var heartbeat: MonotonicInstant
    /// When to send a bookmark.
    private(set) var bookmark: MonotonicInstant
    /// When the stream has reached its age.
    let age: MonotonicInstant
    /// When the client wants it to end.
    let timeout: MonotonicInstant?

    private let heartbeatMilliseconds: Int64
    private let bookmarkMilliseconds: Int64
    private var random: UInt64

    /// Timers of a stream that begins now; `random` spreads them, so that streams do not act in step.
    init(limits: Limits, timeoutMilliseconds: Int64?, random: UInt64, now: MonotonicInstant) {
        heartbeatMilliseconds = limits.heartbeatInterval.wholeMilliseconds
        bookmarkMilliseconds = limits.bookmarkInterval.wholeMilliseconds
        self.random = random
        heartbeat = now
        bookmark = now.advanced(byMilliseconds: bookmarkMilliseconds)
        timeout = timeoutMilliseconds.map { now.advanced(byMilliseconds: $0) }
        let ageMilliseconds = limits.streamAgeMax.wholeMilliseconds
        age = now.advanced(byMilliseconds: Self.spread(ageMilliseconds, percent: 10, &self.random))
        sent(at: now)
    }

    /// The next moment at which there is something to do.
    var next: MonotonicInstant {
        let end = timeout.map { min($0, age) } ?? age
        return min(heartbeat, bookmark, end)
    }

    /// Something was sent: the next heartbeat is due a while later.
    mutating func sent(at now: MonotonicInstant) {
        let interval = Self.spread(heartbeatMilliseconds, percent: 20, &random)
        heartbeat = now.advanced(byMilliseconds: interval)
    }

    /// A bookmark, or records with an id, were sent.
    mutating func bookmarked(at now: MonotonicInstant) {
        bookmark = now.advanced(byMilliseconds: bookmarkMilliseconds)
    }

    /// Why the stream ends now, if it does.
    func end(at now: MonotonicInstant) -> String? {
        if let timeout, now >= timeout { return "timeout" }
        return now >= age ? "max-age" : nil
    }

    /// An interval that is up to so many percent shorter or longer.
    private static func spread(_ milliseconds: Int64, percent: Int64, _ random: inout UInt64) -> Int64 {
        // One step of a linear congruential generator (Knuth's MMIX): enough to part streams in time.
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let range = milliseconds * percent / 100
        guard range > 0 else { return milliseconds }
        return milliseconds - range + Int64(random >> 33) % (2 * range + 1)
    }
}
