import ArgumentParser
import BrokerTestSupport
import Foundation

/// Comes to one state again and tells what is wrong there.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Come to one state again, as a failure's command says, and tell what is wrong there."
    )

    @Option(help: "What happened, in order: life:SEED:STEPS@CALLS~DRAW, start@CALLS~DRAW, ready~DRAW.")
    var cut: [String] = []

    @Option(help: "The scenario, by its name.")
    var scenario: String?

    @Option(help: "What is done to a file, as a failure's command says.")
    var damage: String?

    @Option(help: "How the directory that is damaged was stopped: clean, proven or unproven.")
    var stop = "clean"

    @Option(help: "The seed of the directory that is damaged.")
    var seed: UInt64 = 1

    @Option(help: "The rule that is switched off.")
    var mutant = "none"

    func run() throws {
        try Reproducible.ensure()
        guard let mutation = StoreMutation(mutant) else { throw ValidationError("no mutant is called '\(mutant)'") }
        let steps = try cut.map { text in
            guard let step = StoreTrail.Step(text) else { throw ValidationError("'\(text)' is no step") }
            return step
        }
        let flaws: [StoreFlaw]
        if let damage {
            flaws = try self.flaws(of: damage)
        } else if let scenario {
            guard let found = Scenario(scenario) else {
                throw ValidationError("no scenario is '\(scenario)'")
            }
            flaws = found.run(mutation)
        } else {
            flaws = StoreReplay.flaws(at: StoreTrail(steps), mutation)
        }
        for flaw in flaws { print(flaw) }
        print("flaws: \(flaws.count)")
        if !flaws.isEmpty { throw ExitCode.failure }
    }

    private func flaws(of text: String) throws -> [StoreFlaw] {
        guard let damage = StoreDamage(text) else { throw ValidationError("'\(text)' is no damage") }
        guard let stop = StoreDamageExplorer.Stop(rawValue: stop) else { throw ValidationError("no stop is '\(stop)'") }
        let (outcome, flaws) = StoreDamageExplorer(stop, seed: seed).outcome(of: damage)
        print("outcome: \(outcome.rawValue)")
        return flaws
    }
}

/// The same order of calls in every process: dictionaries are seeded anew in each, unless the environment says no.
enum Reproducible {
    static let variable = "SWIFT_DETERMINISTIC_HASHING"

    /// Starts the process anew where it would not be reproducible.
    static func ensure() throws {
        guard ProcessInfo.processInfo.environment[variable] == nil else { return }
        setenv(variable, "1", 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        throw ValidationError("cannot start myself again: \(String(cString: strerror(errno)))")
    }
}
