import BenchSupport

/// Whether something grew over the second half of a run: on the straight line nearest to its samples, and beside a bound.
struct Growth {
    enum Verdict: String {
        case steady
        case grows = "**grows**"
        /// So few samples that nothing can be told.
        case unknown = "**too few samples**"
    }

    let name: String
    /// The mean of the second half.
    let level: Double
    /// By how much it grew in that time, on the line.
    let change: Double
    /// Twice the standard error of that.
    let uncertainty: Double
    let changePerHour: Double
    /// More than this is growth: a share of the level, and at least a floor, so that small things may vary.
    let bound: Double
    let verdict: Verdict

    private static let samplesMin = 10

    init(_ name: String, _ samples: [(x: Double, y: Double)], floor: Double, share: Double) {
        self.name = name
        let middle = ((samples.first?.x ?? 0) + (samples.last?.x ?? 0)) / 2
        let half = samples.filter { $0.x >= middle }
        let length = (half.last?.x ?? 0) - (half.first?.x ?? 0)
        let trend = Trend(half)
        level = half.reduce(0) { $0 + $1.y } / Double(half.count)
        change = trend.slope * length
        uncertainty = 2 * trend.slopeError * length
        changePerHour = trend.slope * 3600
        bound = max(floor, share * level)
        if half.count < Self.samplesMin {
            verdict = .unknown
        } else {
            // What noise alone may make of a level line is no growth.
            verdict = change - uncertainty > bound ? .grows : .steady
        }
    }

    /// With its sign, to one decimal.
    static func signed(_ value: Double) -> String {
        "\(value < 0 ? "-" : "+")\(fixed(value.magnitude, 1))"
    }
}
