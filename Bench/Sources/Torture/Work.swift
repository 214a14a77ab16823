import BrokerTestSupport

/// One piece of work, done by a process of its own: it may trap, and mutations hold for a whole process.
enum Work: Hashable, Codable, Sendable {
    /// Lives of these seeds, until the time is over and there are so many states.
    case states(firstSeed: UInt64, seconds: Double, countMin: Int)
    /// Lives with a rule switched off, until that is noticed.
    case mutant(name: String, seconds: Double)
    /// Every scenario.
    case scenarios
    /// Every call of these lives fails in every way; the part `shard` of `shardCount`.
    case faults(seed: UInt64, shard: Int, shardCount: Int, seconds: Double)
    /// Every bit of a directory that stopped so is flipped; the part `shard` of `shardCount`.
    case flips(stop: String, seed: UInt64, shard: Int, shardCount: Int, seconds: Double)

    /// For people.
    var name: String {
        switch self {
        case .states(let firstSeed, _, _): "states from seed \(firstSeed)"
        case .mutant(let name, _): "mutant \(name)"
        case .scenarios: "scenarios"
        case .faults(let seed, let shard, _, _): "faults of seed \(seed), part \(shard)"
        case .flips(let stop, _, let shard, _, _): "flips after a stop \(stop), part \(shard)"
        }
    }
}

/// What became of a piece of work.
struct WorkResult: Codable, Sendable {
    /// The hashes of the distinct states, in hexadecimal.
    var states: [String] = []
    var recoveredCount = 0
    var cells: [Cell] = []
    var flaws: [Flaw] = []
    var flawCounts: [String: Int] = [:]
    var seconds = 0.0
    /// By what kind of check something was found.
    var check = "power cuts"
    var faultCount = 0
    var scenarioCount = 0
    /// How many files were damaged as a whole.
    var damageCount = 0
    /// How many bits were to be flipped, and what became of those that were, by kind of file.
    var flipCount = 0
    var flips: [Flips] = []

    /// Flipped bits of one kind of file that ended in one way.
    struct Flips: Codable, Sendable {
        let kind: String
        let outcome: String
        let count: Int
    }

    /// A cell of the table.
    struct Cell: Codable, Sendable {
        let kind: String
        let isBefore: Bool
        let isInRecovery: Bool
        let count: Int
    }

    /// A flaw and the options that replay it.
    struct Flaw: Codable, Sendable {
        let flaw: StoreFlaw
        let replay: [String]
        let stateCount: Int
    }
}

extension WorkResult {
    /// Adds a flaw, the first few with their replay.
    mutating func add(_ flaw: StoreFlaw, _ replay: [String]) {
        flawCounts[flaw.kind.rawValue, default: 0] += 1
        if flaws.count < 20 { flaws.append(Flaw(flaw: flaw, replay: replay, stateCount: recoveredCount)) }
    }

    init(_ findings: StoreFindings, _ mutation: StoreMutation, seconds: Double) {
        states = findings.states.map { String($0, radix: 16) }
        recoveredCount = findings.recoveredCount
        cells = findings.table.states.map { cell, count in
            Cell(kind: cell.kind.rawValue, isBefore: cell.isBefore, isInRecovery: cell.isInRecovery, count: count)
        }
        flaws = findings.flaws.map { found in
            var replay = mutation == .none ? [] : ["--mutant", mutation.description]
            replay += found.trail.steps.flatMap { ["--cut", $0.description] }
            return Flaw(flaw: found.flaw, replay: replay, stateCount: found.stateCount)
        }
        for (kind, count) in findings.flawCounts { flawCounts[kind.rawValue] = count }
        self.seconds = seconds
    }
}
