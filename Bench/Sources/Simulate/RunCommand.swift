import ArgumentParser
import GroupCoordination
import GroupTestSupport

/// The whole run: random schedules, rules switched off, movements, and every interleaving to a depth.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run random schedules, try every mutant, search every interleaving, count movements."
    )

    @Option(help: "How many random schedules to run.")
    var schedules = 20_000

    @Option(help: "The first schedule's seed.")
    var seed: UInt64 = 1

    @Option(help: "How many steps deep to search every interleaving.")
    var depth = 10

    @Option(help: "The same with one static member among the three.")
    var staticDepth = 7

    @Option(help: "How many tasks work at once.")
    var workers = 2

    @Flag(inversion: .prefixedNo, help: "Whether to switch rules off, each of which must be noticed.")
    var mutants = true

    func validate() throws {
        guard schedules >= 1 else { throw ValidationError("--schedules is at least 1") }
        guard (1...20).contains(depth), (1...20).contains(staticDepth) else {
            throw ValidationError("--depth and --static-depth are from 1 to 20")
        }
        guard (1...64).contains(workers) else { throw ValidationError("--workers is from 1 to 64") }
    }

    func run() async throws {
        let start = ContinuousClock.now
        var report = SimulationReport()
        report.rows = MovementTable.memberCounts.map { MovementTable.row(memberCount: $0, partitionCount: 1_000) }
        report.take(await ScheduleRun(seeds: seed..<seed + UInt64(schedules), workers: workers).run())
        if mutants { report.mutants = try await MutantRun(workers: workers).run() }
        for (statics, depth) in [(0, depth), (1, min(depth, staticDepth))] {
            let explorer = GroupExplorer(configuration: .init(), staticClients: statics, depth: depth)
            report.take(await explorer.explore(workers: workers), statics: statics, depth: depth)
        }
        report.seconds = Int((ContinuousClock.now - start).components.seconds)
        print(report.text)
        if !report.isGood { throw ExitCode.failure }
    }
}

/// Comes to one schedule again and tells what is wrong there.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run one schedule again, as a failure's command says, and tell every command of it."
    )

    @Option(help: "The schedule's seed.")
    var seed: UInt64

    @Option(help: "The rule that is switched off.")
    var mutant: String?

    func run() throws {
        var configuration = GroupConfiguration()
        if let mutant {
            guard let fault = PlantedGroupFault.allCases.first(where: { "\($0)" == mutant }) else {
                throw ValidationError("no mutant is called '\(mutant)'")
            }
            guard PlantedGroupFault.isAvailable else { throw MutantRun.unavailable }
            configuration.plant(fault)
        }
        var simulation = GroupSimulation(seed: seed, configuration: configuration)
        simulation.trace = { print($0) }
        let violations = simulation.run(steps: ScheduleRun.steps)
        for violation in violations { print(violation) }
        print("violations: \(violations.count)")
        if !violations.isEmpty { throw ExitCode.failure }
    }
}
