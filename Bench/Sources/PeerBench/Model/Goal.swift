import BenchSupport

/// What a contender's figure should be, beside another's of the same round or on its own.
struct Goal: Sendable {
    enum Bound: Sendable {
        /// So many times another contender's figure, or more.
        case atLeast(Double, times: String)
        /// So many times another contender's figure, or less.
        case atMost(Double, times: String)
        /// This, or less.
        case atMostValue(Double)
        /// So many times another contender's median latency and some milliseconds, or less.
        case atMostMedian(Double, of: String, plusMilliseconds: Double)
    }

    let metric: Metric
    let contender: String
    let bound: Bound

    init(_ metric: Metric, of contender: String, _ bound: Bound) {
        self.metric = metric
        self.contender = contender
        self.bound = bound
    }

    /// Such as `>= 1.3 x Redis, fsync always`.
    var text: String {
        switch bound {
        case .atLeast(let ratio, let peer): ">= \(trimmed(ratio)) x \(peer)"
        case .atMost(let ratio, let peer): "<= \(trimmed(ratio)) x \(peer)"
        case .atMostValue(let value): "<= \(trimmed(value))"
        case .atMostMedian(let ratio, let peer, let plus):
            "<= \(ratio == 1 ? "" : "\(trimmed(ratio)) x (")p50 of \(peer) + \(trimmed(plus)) ms\(ratio == 1 ? "" : ")")"
        }
    }

    /// What it comes to; nil where one of the two was not measured.
    func outcome(_ rounds: [[String: Measurement]]) -> Outcome? {
        var ratios = Series()
        for round in rounds {
            guard let mine = round[contender]?[metric], let limit = self.limit(round), limit > 0, mine.isFinite
            else { continue }
            ratios.add(mine / limit)
        }
        guard !ratios.values.isEmpty else { return nil }
        return Outcome(ratios: ratios, wanted: wanted, isFloor: isFloor)
    }

    /// What the figure is divided by in a round, so that the goal is a ratio.
    private func limit(_ round: [String: Measurement]) -> Double? {
        switch bound {
        case .atLeast(_, let peer), .atMost(_, let peer): round[peer]?[metric]
        case .atMostValue: 1
        case .atMostMedian(_, let peer, let plus): round[peer]?[.p50].map { $0 + plus }
        }
    }

    private var wanted: Double {
        switch bound {
        case .atLeast(let ratio, _), .atMost(let ratio, _), .atMostMedian(let ratio, _, _): ratio
        case .atMostValue(let value): value
        }
    }

    private var isFloor: Bool {
        if case .atLeast = bound { return true }
        return false
    }

    /// The ratios of all rounds, and what they say.
    struct Outcome {
        let ratios: Series
        let wanted: Double
        /// Whether more is better.
        let isFloor: Bool

        var isMet: Bool { isFloor ? ratios.median >= wanted : ratios.median <= wanted }
        var metCount: Int { ratios.values.count { isFloor ? $0 >= wanted : $0 <= wanted } }
        /// One round, or two, tell nothing of how far rounds lie apart.
        var isConclusive: Bool { ratios.values.count > 2 && ratios.spread <= Table.spreadMax }
        /// How far the goal was reached: 1 is just so, more is better.
        var reach: Double { isFloor ? ratios.median / wanted : wanted / ratios.median }

        /// Such as `met`, or `missed, not conclusive (2 of 5 rounds meet it)`.
        var verdict: String {
            let word = isMet ? "**met**" : "**missed**"
            guard !isConclusive else { return word }
            return "\(word), not conclusive (\(metCount) of \(ratios.values.count) rounds meet it)"
        }
    }
}

/// A number without decimals that say nothing.
func trimmed(_ value: Double) -> String {
    value == value.rounded() ? fixed(value, 0) : fixed(value, 1)
}
