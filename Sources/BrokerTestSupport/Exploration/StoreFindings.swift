/// What an exploration came across: states, where they were cut, and what was wrong.
public struct StoreFindings: Sendable {
    /// The states, each once, by the hash of the surviving image.
    public private(set) var states: Set<UInt64> = []
    /// How many states were recovered, those included that were come across before with other knowledge.
    public internal(set) var recoveredCount = 0
    /// Where the power was cut.
    public private(set) var table = CrashTable()
    /// What was wrong, the first of each kind and the first few of all.
    public private(set) var flaws: [Found] = []
    /// How much was wrong, by kind.
    public private(set) var flawCounts: [StoreFlaw.Kind: Int] = [:]

    /// A flaw and the way to it.
    public struct Found: Hashable, Sendable {
        /// What is wrong.
        public let flaw: StoreFlaw
        /// How to come to it again.
        public let trail: StoreTrail
        /// How many states had been recovered by then.
        public let stateCount: Int
    }

    /// Nothing yet.
    public init() {}

    mutating func note(_ state: UInt64, cut place: CrashTable.Place) {
        states.insert(state)
        table.note(place)
    }

    mutating func note(_ flaws: [StoreFlaw], at trail: StoreTrail) {
        for flaw in flaws {
            flawCounts[flaw.kind, default: 0] += 1
            if self.flaws.count < 5 || flawCounts[flaw.kind] == 1 {
                self.flaws.append(Found(flaw: flaw, trail: trail, stateCount: recoveredCount))
            }
        }
    }

    /// Notes which calls were made, so that a cell without a state is told from one that cannot be.
    mutating func note(calls: some Sequence<SimulatedCall>, isInRecovery: Bool) {
        for call in calls { table.noteCall(call.kind, isInRecovery: isInRecovery) }
    }
}

/// How many states were cut before and after calls of each kind, in normal work and in recovery.
///
/// A cut between two calls is one after the first and one before the second: its state stands in both cells.
public struct CrashTable: Hashable, Sendable {
    /// A cell of the table.
    public struct Cell: Hashable, Sendable {
        /// The kind of call.
        public let kind: SimulatedCall.Kind
        /// Whether the cut came before it.
        public let isBefore: Bool
        /// Whether it was made by a start that was not ready.
        public let isInRecovery: Bool

        /// Creates a cell.
        public init(kind: SimulatedCall.Kind, isBefore: Bool, isInRecovery: Bool) {
            self.kind = kind
            self.isBefore = isBefore
            self.isInRecovery = isInRecovery
        }
    }

    /// Where a cut came.
    struct Place {
        let before: SimulatedCall.Kind?
        let after: SimulatedCall.Kind?
        let isInRecovery: Bool
    }

    /// States by cell.
    public private(set) var states: [Cell: Int] = [:]
    /// Calls that were made, by kind and time; `isBefore` is false.
    public private(set) var calls: [Cell: Int] = [:]

    /// Nothing yet.
    public init() {}

    mutating func note(_ place: Place) {
        if let kind = place.before { states[cell(kind, place, isBefore: true), default: 0] += 1 }
        if let kind = place.after { states[cell(kind, place, isBefore: false), default: 0] += 1 }
    }

    private func cell(_ kind: SimulatedCall.Kind, _ place: Place, isBefore: Bool) -> Cell {
        Cell(kind: kind, isBefore: isBefore, isInRecovery: place.isInRecovery)
    }

    mutating func noteCall(_ kind: SimulatedCall.Kind, isInRecovery: Bool) {
        calls[Cell(kind: kind, isBefore: false, isInRecovery: isInRecovery), default: 0] += 1
    }

    /// The calls that normal work never makes: those of a start alone; and writeback, which comes in steps larger than these
    /// lives are.
    public static let startOnly: Set<SimulatedCall.Kind> = [
        .directRead, .dropCache, .lock, .volume, .size, .allocate, .directAlignment, .startWriteback,
    ]

    /// The calls that a start never makes.
    public static let normalOnly: Set<SimulatedCall.Kind> = [.directWrite, .startWriteback]

    /// The cells that should have states and have none.
    public var emptyCells: [Cell] {
        SimulatedCall.Kind.allCases.flatMap { kind in
            [false, true].flatMap { isInRecovery in
                [true, false].map { Cell(kind: kind, isBefore: $0, isInRecovery: isInRecovery) }
            }
        }.filter { cell in
            let impossible = cell.isInRecovery ? Self.normalOnly : Self.startOnly
            return !impossible.contains(cell.kind) && states[cell, default: 0] == 0
        }
    }

    /// Adds what another table counted.
    public mutating func add(_ cell: Cell, states count: Int) {
        states[cell, default: 0] += count
    }
}
