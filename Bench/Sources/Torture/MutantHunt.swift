import BrokerTestSupport

/// Looks for what a mutant breaks: in the scenarios, in random lives, in damaged files and in failing calls, until something
/// is wrong or the time is over.
struct MutantHunt {
    let mutation: StoreMutation
    let limits: StoreExplorer.Limits
    let seconds: Double
    let stopwatch: Stopwatch

    func result() throws -> WorkResult {
        if let found = inScenarios() { return found }
        var sum = WorkResult()
        // Files and calls come in the middle: what shows there alone should not wait for all of the time.
        let hunts = [
            ("power cuts", states, 0.4), ("damaged files", files, 0.6), ("failing calls", calls, 0.8),
            ("power cuts", moreStates, 1.0),
        ]
        for (check, hunt, share) in hunts {
            let found = hunt(share * seconds)
            sum.recoveredCount += found.recoveredCount
            if let flaw = found.flaws.first {
                sum.check = check
                sum.add(flaw.flaw, flaw.replay)
                break
            }
        }
        sum.seconds = stopwatch.seconds
        return sum
    }

    private func inScenarios() -> WorkResult? {
        mutation.apply(to: SimulatedFileSystem())
        for scenario in Scenario.all {
            guard let flaw = scenario.run(mutation).first else { continue }
            var result = WorkResult()
            result.check = "scenario \(scenario.name)"
            result.seconds = stopwatch.seconds
            result.add(flaw, ["--scenario", scenario.name, "--mutant", mutation.description])
            return result
        }
        return nil
    }

    private func states(until end: Double) -> WorkResult { explore(until: end, afterKillPercent: 0) }

    private func moreStates(until end: Double) -> WorkResult { explore(until: end, afterKillPercent: 20) }

    private func explore(until end: Double, afterKillPercent: Int) -> WorkResult {
        var limits = limits
        limits.afterKillPercent = afterKillPercent
        limits.isOver = { [stopwatch] in stopwatch.seconds > end }
        return WorkCommand.explore(mutation, limits, firstSeed: 1 + UInt64(end), stepCount: 40, stopwatch)
    }

    /// Only planted faults: they hold for the whole process, and so also for the volumes that are made here.
    private func files(until end: Double) -> WorkResult {
        guard case .planted = mutation else { return WorkResult() }
        return WorkCommand.flip(.proven, seed: 1, 0, 1, end, stopwatch)
    }

    private func calls(until end: Double) -> WorkResult {
        guard case .planted = mutation else { return WorkResult() }
        return WorkCommand.fail(1, 0, 1, end, stopwatch)
    }
}
