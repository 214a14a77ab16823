import ArgumentParser
import BrokerTestSupport
import Foundation

/// Does one piece of work and writes its result as JSON: what the run starts processes of itself with.
struct WorkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

    @Option(help: "The piece of work, as JSON.")
    var piece: String

    func run() throws {
        let work = try JSONDecoder().decode(Work.self, from: Data(piece.utf8))
        let result = try Self.result(of: work)
        FileHandle.standardOutput.write(try JSONEncoder().encode(result) + Data("\n".utf8))
    }

    private static func result(of work: Work) throws -> WorkResult {
        // A mutant gets so much of a processor: else one that is caught on an idle machine would not be on a busy one.
        let stopwatch = if case .mutant = work { Stopwatch(.processor) } else { Stopwatch() }
        switch work {
        case .states(let firstSeed, let seconds, let countMin):
            var limits = StoreExplorer.Limits()
            limits.flawCountMax = 5
            limits.stateCountMin = countMin
            limits.isOver = { stopwatch.seconds > seconds }
            return explore(.none, limits, firstSeed: firstSeed, stepCount: 60, stopwatch)
        case .mutant(let name, let seconds):
            guard let mutation = StoreMutation(name) else { throw ValidationError("no mutant is called '\(name)'") }
            var limits = StoreExplorer.Limits()
            limits.flawCountMax = 1
            limits.nestedPercent = 5
            limits.isAfterKills = mutation.needsKill
            limits.isOver = { stopwatch.seconds > seconds }
            return try MutantHunt(mutation: mutation, limits: limits, seconds: seconds, stopwatch: stopwatch).result()
        case .scenarios:
            var result = WorkResult()
            for scenario in Scenario.all {
                result.scenarioCount += 1
                for flaw in scenario.run() { result.add(flaw, ["--scenario", scenario.name]) }
            }
            return result
        case .faults(let seed, let shard, let shardCount, let seconds):
            return fail(seed, shard, shardCount, seconds, stopwatch)
        case .flips(let stop, let seed, let shard, let shardCount, let seconds):
            guard let stop = StoreDamageExplorer.Stop(rawValue: stop) else {
                throw ValidationError("no stop is '\(stop)'")
            }
            return flip(stop, seed: seed, shard, shardCount, seconds, stopwatch)
        }
    }

    static func fail(
        _ firstSeed: UInt64,
        _ shard: Int,
        _ shardCount: Int,
        _ seconds: Double,
        _ stopwatch: Stopwatch
    ) -> WorkResult {
        var sum = WorkResult()
        for seed in firstSeed..<firstSeed + 3 {
            var explorer = StoreFaultExplorer(StoreWorkload(seed: seed, stepCount: 30)) { stopwatch.seconds > seconds }
            explorer.explore(shard: shard, of: shardCount)
            let result = WorkResult(explorer.findings, .none, seconds: 0)
            sum.faultCount += explorer.faultCount
            sum.recoveredCount += result.recoveredCount
            sum.flaws += result.flaws
            sum.flawCounts.merge(result.flawCounts, uniquingKeysWith: +)
        }
        sum.seconds = stopwatch.seconds
        return sum
    }

    /// Flips in an order that goes all over the directory, so that a part of them is a sample.
    static func flip(
        _ stop: StoreDamageExplorer.Stop,
        seed: UInt64,
        _ shard: Int,
        _ shardCount: Int,
        _ seconds: Double,
        _ stopwatch: Stopwatch
    ) -> WorkResult {
        let explorer = StoreDamageExplorer(stop, seed: seed)
        var result = WorkResult()
        var counts: [String: [StoreDamageOutcome: Int]] = [:]
        if !explorer.isSound { result.add(StoreFlaw(.failedWorkload, "the undamaged directory cannot be read"), []) }
        let options = ["--stop", stop.rawValue, "--seed", "\(seed)"]
        func damage(_ damage: StoreDamage) -> StoreDamageOutcome {
            let (outcome, flaws) = explorer.outcome(of: damage)
            for flaw in flaws.prefix(1) { result.add(flaw, options + ["--damage", "'\(damage)'"]) }
            return outcome
        }
        for (number, other) in explorer.others.enumerated() where number % shardCount == shard {
            _ = damage(other)
            result.damageCount += 1
        }
        var random = SplitMix64(seed: seed)
        let flips = explorer.flips.indices.filter { $0 % shardCount == shard }.shuffled(using: &random)
        result.flipCount = flips.count
        for (number, index) in flips.enumerated() where stopwatch.seconds < seconds {
            let flip = explorer.flips[index]
            counts[flip.kind, default: [:]][damage(flip), default: 0] += 1
            if number % 1000 == 999 { Progress.tell(states: 0, recovered: number) }
        }
        result.flips = counts.flatMap { kind, outcomes in
            outcomes.map { WorkResult.Flips(kind: kind, outcome: $0.rawValue, count: $1) }
        }
        result.seconds = stopwatch.seconds
        return result
    }

    static func explore(
        _ mutation: StoreMutation,
        _ limits: StoreExplorer.Limits,
        firstSeed: UInt64,
        stepCount: Int,
        _ stopwatch: Stopwatch
    ) -> WorkResult {
        var explorer = StoreExplorer(mutation, limits)
        var seed = firstSeed
        while !explorer.isDone {
            let lengths = mutation == .none ? [stepCount, 4, 15, stepCount] : [4, 12, stepCount]
            explorer.explore(StoreWorkload(seed: seed, stepCount: lengths[Int(seed % UInt64(lengths.count))]))
            Progress.tell(states: explorer.findings.states.count, recovered: explorer.findings.recoveredCount)
            seed += 1
        }
        return WorkResult(explorer.findings, mutation, seconds: stopwatch.seconds)
    }
}

/// How far a piece of work is, on standard output, where the run that started it reads it.
enum Progress {
    static func tell(states: Int, recovered: Int) {
        FileHandle.standardOutput.write(Data("progress \(states) \(recovered)\n".utf8))
    }
}
