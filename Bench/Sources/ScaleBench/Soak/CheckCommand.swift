import ArgumentParser
import BenchSupport

/// `scale-bench check`: whether the verdict sees growth where there is some, and none where there is none.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the arithmetic of lines and verdicts on curves whose answer is known; soak begins with it."
    )

    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    func run() throws {
        try Self.check()
        print("the arithmetic is right")
    }

    static func check() throws {
        let line = Trend([(0, 1), (1, 3), (2, 5), (3, 7)])
        try expect(line.slope == 2 && line.intercept == 1 && line.deviationMax < 1e-9, "a straight line is itself")
        // The corners of this one lie 0.25 from the line nearest to them; the slope's error is the textbook's.
        let bent = Trend([(0, 0), (1, 1), (2, 0), (3, 1)])
        try expect(
            (bent.slope - 0.2).magnitude < 1e-9 && (bent.slopeError - 0.282_842_7).magnitude < 1e-6,
            "a bent line"
        )
        try expect(verdict { _ in 100 } == .steady, "a level curve is steady")
        try expect(
            verdict { 100 + 30 * ($0 / 100).rounded(.down).truncatingRemainder(dividingBy: 2) } == .steady,
            "teeth"
        )
        try expect(verdict { 100 + $0 / 20 } == .grows, "a slow and steady growth is seen")
        try expect(
            verdict { 100 + $0 / 20 + 20 * ($0 / 60).truncatingRemainder(dividingBy: 1) } == .grows,
            "between teeth"
        )
        try expect(verdict { min(100, $0) } == .steady, "what grows in the first half alone is steady")
        try expect(verdict { 200 - $0 / 20 } == .steady, "what shrinks does not grow")
        try expect(verdict(samples: 12) { $0 } == .unknown, "few samples tell nothing")
    }

    /// Of an hour, with a bound of 10, or a tenth of the level.
    private static func verdict(samples: Int = 720, _ curve: (Double) -> Double) -> Growth.Verdict {
        let points = (0..<samples).map { number in
            let seconds = Double(number) * 3600 / Double(samples)
            return (x: seconds, y: curve(seconds))
        }
        return Growth("curve", points, floor: 10, share: 0.1).verdict
    }

    private static func expect(_ claim: Bool, _ what: String) throws {
        guard claim else { throw Wrong(description: "not so: \(what)") }
    }
}
