/// When requests are to go.
enum Schedule {
    /// As fast as answers come: whenever a connection is free.
    case closed
    /// At moments fixed beforehand, which a slow answer does not move: the latencies of what waits count the waiting.
    case open(start: Int64, nanosecondsEach: Double, end: Int64, next: Int)

    /// The moment of the next request, if that has come.
    mutating func take(_ now: Int64) -> Int64? {
        guard case .open(let start, let each, let end, let next) = self else { return now }
        let moment = start + Int64(Double(next) * each)
        guard moment <= now, moment < end else { return nil }
        self = .open(start: start, nanosecondsEach: each, end: end, next: next + 1)
        return moment
    }

    /// How long it is until the next request may go.
    func wait(_ now: Int64) -> Int64 {
        guard case .open(let start, let each, let end, let next) = self else { return .max }
        let moment = start + Int64(Double(next) * each)
        return moment < end ? max(0, moment - now) : .max
    }

    /// Whether a request that should have gone before its end has not.
    var isOver: Bool {
        guard case .open(let start, let each, let end, let next) = self else { return true }
        return start + Int64(Double(next) * each) >= end
    }
}
