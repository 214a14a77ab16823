public import GroupCoordination
import RecordFormat
import Synchronization

/// Searches every interleaving of three clients' doings on four partitions, with lost replies, timeouts and crashes, to a
/// depth: breadth first, each state once.
///
/// Of every state that it comes to, what `GroupOracle` says must hold, and so must the promise that in the end, when
/// nothing but time happens, every partition is with somebody who is there.
public struct GroupExplorer: Sendable {
    /// What a search found.
    public struct Findings: Sendable {
        /// How many states there are, to the depth.
        public var stateCount = 0
        /// How many steps led to them.
        public var stepCount = 0
        /// How many states were new at each depth.
        public var newAtDepth: [Int] = []
        /// Whether every state short of the depth was left by every step: nothing was sampled, nothing given up.
        public var isEmptied = false
        /// What went wrong, with the steps that lead there.
        public var violations: [(path: [ExploredAction], text: String)] = []
    }

    private let configuration: GroupConfiguration
    private let staticClients: Int
    private let depth: Int
    private let permutations: [[Int]]

    /// Prepares a search.
    ///
    /// - Parameters:
    ///   - configuration: of which only the planted fault counts: the times are the search's own.
    ///   - staticClients: how many of the three clients bear an instance.
    ///   - depth: how many steps.
    public init(configuration: GroupConfiguration, staticClients: Int, depth: Int) {
        var configuration = configuration
        ExplorationTimes.apply(to: &configuration)
        self.configuration = configuration
        self.staticClients = staticClients
        self.depth = depth
        permutations = Self.permutations(staticClients: staticClients)
    }

    /// Searches with so many tasks at once, until the depth is reached, something is wrong, or `isOver`.
    public func explore(workers: Int, isOver: @escaping @Sendable () -> Bool = { false }) async -> Findings {
        var findings = Findings()
        let seen = SeenStates()
        let start = ExploredState(configuration, staticClients: staticClients)
        _ = seen.insert(start.key(permutations: permutations))
        var frontier = [start]
        findings.newAtDepth = [1]
        for level in 1...depth {
            let isLast = level == depth
            let parts = await expand(frontier, seen, workers, isLast: isLast, isOver)
            frontier = []
            for part in parts {
                frontier += part.states
                findings.stepCount += part.stepCount
                findings.violations += part.violations
            }
            findings.newAtDepth.append(seen.count - findings.newAtDepth.reduce(0, +))
            if !findings.violations.isEmpty || parts.contains(where: \.isGivenUp) { break }
            findings.isEmptied = isLast
        }
        findings.stateCount = seen.count
        return findings
    }

    /// What one task found at one depth.
    private struct Part: Sendable {
        var states: [ExploredState] = []
        var stepCount = 0
        var isGivenUp = false
        var violations: [(path: [ExploredAction], text: String)] = []
    }

    private func expand(
        _ frontier: [ExploredState],
        _ seen: SeenStates,
        _ workers: Int,
        isLast: Bool,
        _ isOver: @escaping @Sendable () -> Bool
    ) async -> [Part] {
        let turn = Turn()
        return await withTaskGroup(of: Part.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    var part = Part()
                    while part.violations.isEmpty, let range = turn.next(of: frontier.count) {
                        if isOver() {
                            part.isGivenUp = true
                            break
                        }
                        for index in range { expand(frontier[index], seen, isLast: isLast, into: &part) }
                    }
                    return part
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func expand(_ state: ExploredState, _ seen: SeenStates, isLast: Bool, into part: inout Part) {
        var state = state
        state.stored = SimulatedLog.table(of: state.shard.allRecords())
        for action in state.actions {
            guard step(state, action, seen, isLast: isLast, into: &part) else { continue }
            var unheard = action
            unheard.isHeard = false
            _ = step(state, unheard, seen, isLast: isLast, into: &part)
        }
    }

    /// Takes one step; true if what it told somebody could be lost.
    private func step(
        _ state: ExploredState,
        _ action: ExploredAction,
        _ seen: SeenStates,
        isLast: Bool,
        into part: inout Part
    ) -> Bool {
        var next = state
        let canBeLost = next.perform(action)
        part.stepCount += 1
        if let text = next.oracle.violations.first {
            part.violations.append((next.path, text))
            return false
        }
        guard seen.insert(next.key(permutations: permutations)) else { return canBeLost }
        // From a state before the last depth the passing of time is a step like others, and is followed there.
        if isLast || next.isStill {
            var settled = next
            settled.settle()
            if let text = settled.oracle.violations.first { part.violations.append((next.path, "in the end: \(text)")) }
        }
        next.stored = nil
        if !isLast { part.states.append(next) }
        return canBeLost
    }

    /// The orders of clients that are alike.
    private static func permutations(staticClients: Int) -> [[Int]] {
        let all = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let statics = Set(0..<3).subtracting(0..<(3 - staticClients))
        // Dynamic clients change places among themselves, and static ones too.
        return all.filter { order in order.enumerated().allSatisfy { statics.contains($0) == statics.contains($1) } }
    }
}

/// The keys of all states seen so far, in parts, each with its lock.
private final class SeenStates: Sendable {
    private let parts: [Part]

    private final class Part: Sendable {
        let keys = Mutex<Set<UInt128>>([])
    }

    init() {
        parts = (0..<64).map { _ in Part() }
    }

    var count: Int { parts.reduce(0) { $0 + $1.keys.withLock { $0.count } } }

    /// True for a key that is new.
    func insert(_ key: UInt128) -> Bool {
        parts[Int(key & 63)].keys.withLock { $0.insert(key).inserted }
    }
}

/// Deals out a frontier in small pieces.
private final class Turn: Sendable {
    private static let pieceCount = 16
    private let next = Atomic<Int>(0)

    func next(of count: Int) -> Range<Int>? {
        let end = next.add(Self.pieceCount, ordering: .relaxed).newValue
        let start = end - Self.pieceCount
        return start < count ? start..<min(end, count) : nil
    }
}
