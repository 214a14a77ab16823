import Testing

@testable import GroupTestSupport

/// Random schedules against the invariants of 05-groups.
///
/// A failure names its seed; `run(seed:)` with it repeats it.
@Suite struct SimulationTests {
    private static let schedulesPerBlock: UInt64 = 25
    private static let steps = 160

    @Test(arguments: 0..<UInt64(8))
    func randomSchedulesKeepTheInvariants(block: UInt64) {
        for schedule in 0..<Self.schedulesPerBlock {
            let seed = block * 1_000_003 + schedule
            var simulation = GroupSimulation(seed: seed)
            let violations = simulation.run(steps: Self.steps)
            #expect(violations.isEmpty, "seed \(seed): \(violations.first ?? "")")
            guard violations.isEmpty else { return }
        }
    }

    @Test func aSeedTellsEverything() {
        var first = GroupSimulation(seed: 42)
        var second = GroupSimulation(seed: 42)
        _ = first.run(steps: 300)
        _ = second.run(steps: 300)
        #expect(first.log.durable == second.log.durable)
        #expect(!first.log.durable.isEmpty)
    }
}
