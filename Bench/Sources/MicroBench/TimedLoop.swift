import BenchSupport

/// A loop, and how long its rounds took.
struct TimedLoop {
    let benchmark: Benchmark
    /// Of each round, per operation.
    private(set) var nanoseconds = Series()
    private let loop: HotLoop
    private let passesPerRound: Int

    /// Makes a loop's data, and finds out how many passes a round has.
    init(_ benchmark: Benchmark, in workspace: Workspace, round: Duration) async throws {
        self.benchmark = benchmark
        loop = try await benchmark.prepare(workspace)
        var passes = 1
        while true {
            let taken = try await Self.time(loop, passes: passes)
            if taken * 4 >= round || passes >= 1 << 24 {
                passesPerRound = max(1, Int(Double(passes) * (round / max(taken, .nanoseconds(1)))))
                return
            }
            passes *= 2
        }
    }

    /// What a second goes over, in millions of bytes; nil where bytes say little.
    var megabytesPerSecond: Double? {
        guard loop.bytes > 0 else { return nil }
        return Double(loop.bytes) / Double(loop.operations) / nanoseconds.median * 1000
    }

    /// Measures one round.
    mutating func measure() async throws {
        let taken = try await Self.time(loop, passes: passesPerRound)
        nanoseconds.add(taken.seconds * 1e9 / Double(passesPerRound * loop.operations))
    }

    /// Stops what runs beside the loop.
    func end() async {
        await loop.end()
    }

    private static func time(_ loop: HotLoop, passes: Int) async throws -> Duration {
        let start = ContinuousClock.now
        for _ in 0..<passes { try await loop.pass() }
        return ContinuousClock.now - start
    }
}
