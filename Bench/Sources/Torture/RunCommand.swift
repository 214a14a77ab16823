import ArgumentParser
import BrokerTestSupport
import Foundation

/// The whole run: mutants first, then states until the time is over.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Explore crash states, try every mutant, flip every bit."
    )

    @Option(help: "How long to take, or longer on a busy machine; below 500 seconds everything is sampled more thinly.")
    var seconds = 560.0

    @Option(help: "Where the exploration begins; another number explores other lives.")
    var seed: UInt64 = 1

    @Option(help: "How many processes work at once.")
    var workers = 2

    @Flag(inversion: .prefixedNo, help: "Whether to switch rules off, each of which must be noticed.")
    var mutants = true

    @Option(help: "What to print: text or json.")
    var output = Output.text

    func validate() throws {
        guard seconds >= 10, seconds <= 7 * 24 * 3600 else { throw ValidationError("--seconds is from 10 to a week") }
        guard (1...64).contains(workers) else { throw ValidationError("--workers is from 1 to 64") }
    }

    func run() throws {
        let stopwatch = Stopwatch()
        let crew = Crew(size: workers)
        let isWhole = seconds >= 500
        var report = TortureReport(isSampled: !isWhole)
        let mutations = mutants ? StoreMutation.all : []
        let mutants = mutations.map { Work.mutant(name: $0.description, seconds: min(60, seconds / 24)) }
        report.takeMutants(try crew.run(mutants))
        // A whole run takes the time that every bit and every call needs.
        let flips = StoreDamageExplorer.Stop.allCases.flatMap { stop in
            shards { shard in
                .flips(
                    stop: stop.rawValue,
                    seed: seed,
                    shard: shard,
                    shardCount: workers,
                    seconds: isWhole ? 3600 : seconds / 18
                )
            }
        }
        report.takeFlips(try crew.run(flips))
        let faults = shards { shard in
            .faults(seed: seed, shard: shard, shardCount: workers, seconds: isWhole ? 3600 : seconds / 12)
        }
        report.takeFaults(try crew.run([.scenarios] + faults))
        let rest = max(5, seconds - stopwatch.seconds)
        // Some states come up in more than one worker.
        let countMin = isWhole ? TortureReport.crashStatesMin / workers * 11 / 10 : 0
        let states = (0..<workers).map { number in
            Work.states(firstSeed: seed + UInt64(number) * 1_000_000, seconds: rest, countMin: countMin)
        }
        report.takeStates(try crew.run(states))
        report.seconds = stopwatch.seconds
        print(output == .json ? try report.json() : report.text())
        if !report.isGood { throw ExitCode.failure }
    }

    private func shards(_ work: (Int) -> Work) -> [Work] {
        (0..<workers).map(work)
    }
}
