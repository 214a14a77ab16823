import BrokerTestSupport
import Foundation

/// What a run found, as lines for people or as one JSON object.
struct TortureReport: Codable {
    /// Whether the run was too short for the number of states that a whole one must reach.
    let isSampled: Bool
    var seconds = 0.0
    private(set) var crashStateCount = 0
    private(set) var recoveredCount = 0
    private(set) var flawCounts: [String: Int] = [:]
    private(set) var failures: [Failure] = []
    private(set) var mutants: [Mutant] = []
    private(set) var faultCount = 0
    private(set) var scenarioCount = 0
    private(set) var damageCount = 0
    private(set) var flipTotal = 0
    /// Flipped bits by kind of file and by what became of them.
    private(set) var flips: [String: [String: Int]] = [:]
    private(set) var table: [Row] = []
    private(set) var emptyCells: [String] = []

    /// Distinct states that a whole run must reach.
    static let crashStatesMin = 100_000

    /// Something wrong, and how to see it again.
    struct Failure: Codable {
        let text: String
        let command: String
    }

    /// A mutant: by what it was caught, if it was.
    struct Mutant: Codable {
        let name: String
        let caughtBy: String?
        let stateCount: Int
        let text: String?
    }

    /// A row of the table of crashes.
    struct Row: Codable {
        let call: String
        let normalBefore: Int
        let normalAfter: Int
        let recoveryBefore: Int
        let recoveryAfter: Int
    }

    init(isSampled: Bool) {
        self.isSampled = isSampled
    }

    /// Whether the store kept every promise and every check was made.
    var isGood: Bool {
        failures.isEmpty && (isSampled || emptyCells.isEmpty) && flippedCount > 0
            && (isSampled || flippedCount == flipTotal)
            && mutants.allSatisfy { $0.caughtBy != nil }
            && (isSampled || crashStateCount >= Self.crashStatesMin)
    }

    mutating func takeMutants(_ results: [(Work, WorkResult)]) {
        for case (.mutant(let name, _), let result) in results {
            let flaw = result.flaws.first
            mutants.append(
                Mutant(
                    name: name,
                    caughtBy: flaw.map { "\($0.flaw.kind.rawValue) in \(result.check)" },
                    stateCount: flaw?.stateCount ?? result.recoveredCount,
                    text: flaw?.flaw.text
                )
            )
        }
    }

    mutating func takeFlips(_ results: [(Work, WorkResult)]) {
        for (_, result) in results {
            flipTotal += result.flipCount
            damageCount += result.damageCount
            for row in result.flips { flips[row.kind, default: [:]][row.outcome, default: 0] += row.count }
            take(result)
        }
    }

    mutating func takeFaults(_ results: [(Work, WorkResult)]) {
        for (_, result) in results {
            faultCount += result.faultCount
            scenarioCount += result.scenarioCount
            take(result)
        }
    }

    /// How many bits were flipped.
    var flippedCount: Int { flips.values.reduce(0) { $0 + $1.values.reduce(0, +) } }

    /// How many of them were noticed, did no harm, or are a named exception.
    var soundFlipCount: Int { flippedCount - flips.values.reduce(0) { $0 + ($1["wrong"] ?? 0) } }

    private mutating func take(_ result: WorkResult) {
        recoveredCount += result.recoveredCount
        flawCounts.merge(result.flawCounts, uniquingKeysWith: +)
        failures += result.flaws.map { Failure(text: $0.flaw.description, command: Self.command($0.replay)) }
    }

    mutating func takeStates(_ results: [(Work, WorkResult)]) {
        var states: Set<String> = []
        var sum = CrashTable()
        for (_, result) in results {
            states.formUnion(result.states)
            take(result)
            for cell in result.cells {
                guard let kind = SimulatedCall.Kind(rawValue: cell.kind) else { continue }
                sum.add(
                    .init(kind: kind, isBefore: cell.isBefore, isInRecovery: cell.isInRecovery),
                    states: cell.count
                )
            }
        }
        crashStateCount = states.count
        table = SimulatedCall.Kind.allCases.map { Row($0, sum) }
        emptyCells = sum.emptyCells.map {
            "\($0.isBefore ? "before" : "after") \($0.kind.rawValue) \($0.isInRecovery ? "in recovery" : "in normal work")"
        }
    }

    private static func command(_ replay: [String]) -> String {
        ([CommandLine.arguments[0], "replay"] + replay).joined(separator: " ")
    }
}

extension TortureReport.Row {
    init(_ kind: SimulatedCall.Kind, _ table: CrashTable) {
        func count(isBefore: Bool, isInRecovery: Bool) -> Int {
            table.states[.init(kind: kind, isBefore: isBefore, isInRecovery: isInRecovery), default: 0]
        }
        call = kind.rawValue
        normalBefore = count(isBefore: true, isInRecovery: false)
        normalAfter = count(isBefore: false, isInRecovery: false)
        recoveryBefore = count(isBefore: true, isInRecovery: true)
        recoveryAfter = count(isBefore: false, isInRecovery: true)
    }
}
