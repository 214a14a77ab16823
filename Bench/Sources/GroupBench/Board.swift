import Synchronization

/// What all members of the group have and have received, on one clock.
final class Board: Sendable {
    /// A record that came.
    struct Arrival {
        let partition: Int32
        /// When it was sent and when it came, in nanoseconds of the board's clock.
        let sent: Int64
        let came: Int64
    }

    private struct State {
        var held: [Int: Set<Int32>] = [:]
        var arrivals: [Arrival] = []
    }

    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// The board's clock.
    var now: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// A member has these now, and no others.
    func holds(_ member: Int, _ partitions: Set<Int32>) {
        state.withLock { $0.held[member] = partitions }
    }

    /// A member has gone.
    func left(_ member: Int) {
        state.withLock { $0.held[member] = nil }
    }

    /// A record came.
    func note(_ partition: Int32, sent: Int64) {
        let came = now
        state.withLock { $0.arrivals.append(Arrival(partition: partition, sent: sent, came: came)) }
    }

    /// Who has what.
    var held: [Int: Set<Int32>] { state.withLock { $0.held } }

    /// What was sent in a stretch of time and has come.
    func arrivals(sent range: Range<Int64>) -> [Arrival] {
        state.withLock { $0.arrivals.filter { range.contains($0.sent) } }
    }

    /// Forgets what has come.
    func clear() {
        state.withLock { $0.arrivals = [] }
    }

    /// Waits until the shares are as wanted, and returns when they were.
    ///
    /// - Throws: `Overdue` after half a minute.
    func wait(_ what: String, until isSo: ([Int: Set<Int32>]) -> Bool) async throws -> Int64 {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if isSo(held) { return now }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw Overdue(description: "not within 30 s: \(what); shares are \(held.mapValues(\.count))")
    }

    /// The group did not get there.
    struct Overdue: Error, CustomStringConvertible {
        let description: String
    }
}
