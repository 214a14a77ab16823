import ArgumentParser
import GroupCoordination
import GroupTestSupport

/// Random schedules, shared among tasks by their seeds.
struct ScheduleRun {
    /// How many steps a schedule has before it settles.
    static let steps = 200

    let seeds: Range<UInt64>
    let workers: Int

    /// What became of the schedules of one task, or of all.
    struct Result: Sendable {
        var scheduleCount = 0
        var commandCount = 0
        var violations: [(seed: UInt64, text: String)] = []
    }

    func run() async -> Result {
        await withTaskGroup(of: Result.self) { group in
            for worker in 0..<workers {
                let (seeds, stride) = (seeds, UInt64(workers))
                group.addTask { Self.run(from: seeds.lowerBound + UInt64(worker), to: seeds.upperBound, by: stride) }
            }
            return await group.reduce(into: Result()) { sum, part in
                sum.scheduleCount += part.scheduleCount
                sum.commandCount += part.commandCount
                sum.violations += part.violations
            }
        }
    }

    private static func run(from first: UInt64, to end: UInt64, by step: UInt64) -> Result {
        var result = Result()
        for seed in stride(from: first, to: end, by: Int(step)) where result.violations.count < 10 {
            var simulation = GroupSimulation(seed: seed)
            let violations = simulation.run(steps: steps)
            result.scheduleCount += 1
            result.commandCount += simulation.commandCount
            if let text = violations.first { result.violations.append((seed, text)) }
        }
        return result
    }
}

/// Every rule, switched off in turn: some schedule must notice.
struct MutantRun {
    /// So many schedules are tried; the hardest one to notice takes a few hundred.
    static let schedulesMax: UInt64 = 10_000

    static let unavailable = ValidationError(
        "no fault can be planted in this build: build it with MILLRACE_PLANTED_FAULTS=1, or run it with --no-mutants"
    )

    let workers: Int

    /// What became of a mutant.
    struct Mutant: Sendable {
        let fault: PlantedGroupFault
        let scheduleCount: UInt64
        /// What was noticed, if it was.
        let text: String?
    }

    func run() async throws -> [Mutant] {
        guard PlantedGroupFault.isAvailable else { throw Self.unavailable }
        let faults = PlantedGroupFault.allCases
        let mutants = await withTaskGroup(of: [Mutant].self) { group in
            for worker in 0..<workers {
                let mine = faults.indices.filter { $0 % workers == worker }.map { faults[$0] }
                group.addTask { mine.map(Self.hunt) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        return mutants.sorted { $0.fault.rawValue < $1.fault.rawValue }
    }

    private static func hunt(_ fault: PlantedGroupFault) -> Mutant {
        var configuration = GroupConfiguration()
        configuration.plant(fault)
        for seed in 0..<schedulesMax {
            var simulation = GroupSimulation(seed: seed, configuration: configuration)
            if let text = simulation.run(steps: ScheduleRun.steps).first {
                return Mutant(fault: fault, scheduleCount: seed + 1, text: text)
            }
        }
        return Mutant(fault: fault, scheduleCount: schedulesMax, text: nil)
    }
}
