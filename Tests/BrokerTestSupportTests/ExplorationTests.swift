import BrokerTestSupport
import SegmentStore
import Testing

/// The explorer of crashes, in small: the release-built `torture` runs the same at length.
@Suite struct ExplorationTests {
    @Test func theStoreAsItIsHasNoFlaw() {
        var limits = StoreExplorer.Limits()
        limits.stateCountMax = 250
        limits.nestedPercent = 3
        var explorer = StoreExplorer(.none, limits)
        explorer.explore(StoreWorkload(seed: 4, stepCount: 12))
        #expect(explorer.findings.flaws.isEmpty)
        #expect(explorer.findings.states.count > 100)
    }

    @Test(arguments: ["flush.journalFrame", "flush.recoveredSegment", "order.metaBeforeName"])
    func aRuleThatIsSwitchedOffIsNoticedAndReplayed(name: String) throws {
        let mutation = try #require(StoreMutation(name))
        var limits = StoreExplorer.Limits()
        limits.flawCountMax = 1
        limits.stateCountMax = 3000
        var explorer = StoreExplorer(mutation, limits)
        explorer.explore(StoreWorkload(seed: 1, stepCount: 8))
        let found = try #require(explorer.findings.flaws.first)
        let steps = try found.trail.steps.map { try #require(StoreTrail.Step($0.description)) }
        #expect(steps == found.trail.steps)
        #expect(StoreMutation(mutation.description) == mutation)
    }

    @Test(arguments: StoreScenario.allCases)
    func everyScenarioHolds(scenario: StoreScenario) {
        #expect(scenario.run(isSampled: true) == [])
    }

    @Test(.timeLimit(.minutes(2)), arguments: BrokerScenario.allCases)
    func everyScenarioOfABrokerHolds(scenario: BrokerScenario) async {
        #expect(await scenario.run() == [])
    }

    @Test func damageIsNoticed() throws {
        let explorer = StoreDamageExplorer(.proven, seed: 1)
        #expect(explorer.isSound)
        let bits = stride(from: 0, to: explorer.flips.count, by: 2503).map { explorer.flips[$0] }
        let files = stride(from: 0, to: explorer.others.count, by: 17).map { explorer.others[$0] }
        for damage in bits + files {
            #expect(StoreDamage(damage.description) == damage)
            #expect(explorer.outcome(of: damage).flaws == [], "\(damage)")
        }
    }

    @Test func callsThatFailLoseNothing() {
        var explorer = StoreFaultExplorer(StoreWorkload(seed: 5, stepCount: 6))
        explorer.explore(shard: 3, of: 41)
        #expect(explorer.faultCount > 5)
        #expect(explorer.findings.flaws.isEmpty)
    }

    @Test func stepsAreWrittenAsTheyAreRead() throws {
        let workload = StoreWorkload(seed: 7, stepCount: 60)
        let steps: [StoreTrail.Step] = [
            .life(workload, calls: 12, .drawn(0xabc)),
            .life(workload, StoreFault(call: 3, kind: .eio), calls: 9, .kill),
            .start(calls: 5, .none), .start(StoreFault(call: 8, kind: .short), calls: 5, .all), .ready(.kill),
        ]
        for step in steps { #expect(StoreTrail.Step(step.description) == step) }
        for text in ["life:1@3~kill", "start~none", "ready@1~all", "life:1:2+x=y@3~all", "ready~zz"] {
            #expect(StoreTrail.Step(text) == nil)
        }
    }

    @Test func noFaultIsPlantedHere() {
        #expect(!PlantedFault.isAvailable)
        PlantedFault.plant(.answerBeforeFlush)
        #expect(!PlantedFault.answerBeforeFlush.isPlanted)
    }
}
