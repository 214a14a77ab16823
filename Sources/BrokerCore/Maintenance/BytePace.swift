/// Spreads work over time so that it stays below a number of bytes a second.
///
/// A value: told of each piece and the time, it says until when to rest.
struct BytePace {
    private let bytesPerSecond: Int64
    /// When what was spent so far has earned its time, in microseconds.
    private var paidUntil: Int64 = .min

    /// Rests shorter than this are saved up: sleeping costs more than they are worth.
    private static let restMinMilliseconds: Int64 = 10

    init(bytesPerSecond: Int) {
        precondition(bytesPerSecond > 0, "a pace of \(bytesPerSecond) bytes a second never ends")
        self.bytesPerSecond = Int64(bytesPerSecond)
    }

    /// Notes bytes that were just read or written.
    ///
    /// - Returns: the time until which to rest; nil to go on at once.
    mutating func spend(_ bytes: Int, atMilliseconds now: Int64) -> Int64? {
        // Time that went by unused is not saved: there is no burst after a pause.
        paidUntil = max(paidUntil, now * 1000) + Int64(bytes) * 1_000_000 / bytesPerSecond
        let until = paidUntil / 1000
        return until - now >= Self.restMinMilliseconds ? until : nil
    }
}
