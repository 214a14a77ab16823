/// A directory's inode.
struct SimulatedDirectory: Sendable {
    /// The names that programs see, with the inodes that they stand for.
    var entries: [String: Int] = [:]
    /// The names that survive.
    var durable: [String: Int] = [:]
}

/// A place for a name.
struct SimulatedSlot: Hashable, Sendable {
    let directory: Int
    let name: String
}

/// One change of names that is not durable yet.
///
/// A rename is one change of two slots: it survives whole or not at all.
struct SimulatedNameChange: Sendable {
    /// The slots, with the inode that each stands for afterwards; nil when it is empty.
    let writes: [(slot: SimulatedSlot, inode: Int?)]
    /// The directories whose flush it still waits for.
    var unflushed: Set<Int>

    init(_ writes: [(slot: SimulatedSlot, inode: Int?)]) {
        self.writes = writes
        unflushed = Set(writes.map(\.slot.directory))
    }
}

extension SimulatedImage {
    /// Changes names, at once for programs, durably later.
    mutating func changeNames(_ writes: [(slot: SimulatedSlot, inode: Int?)]) {
        for (slot, inode) in writes { directories[slot.directory]?.entries[slot.name] = inode }
        nameChanges.append(SimulatedNameChange(writes))
    }

    /// Makes the changes of a directory's names durable; one that also changes another directory waits for that one's flush.
    mutating func flushNames(of directory: Int) {
        for index in nameChanges.indices { nameChanges[index].unflushed.remove(directory) }
        // A change that is durable brings along the earlier ones of the same slots: a slot never goes back.
        var settledSlots: Set<SimulatedSlot> = []
        var isSettled = [Bool](repeating: false, count: nameChanges.count)
        for (index, change) in nameChanges.enumerated().reversed() {
            isSettled[index] =
                change.unflushed.isEmpty || change.writes.contains { settledSlots.contains($0.slot) }
            if isSettled[index] { settledSlots.formUnion(change.writes.map(\.slot)) }
        }
        let changes = nameChanges
        nameChanges.removeAll()
        for (change, isSettled) in zip(changes, isSettled) {
            if isSettled { settle(change) } else { nameChanges.append(change) }
        }
    }

    /// Makes the last change of names durable at once, ahead of everything else: a mutant of the order.
    mutating func hastenLastName() {
        guard let last = nameChanges.indices.last else { return }
        nameChanges[last].unflushed.removeAll()
        // No directory has this number: only what waits for nothing settles.
        flushNames(of: -1)
    }

    /// Keeps some of the unflushed changes of names, in their order, and loses the others.
    mutating func cutPowerOfNames(_ cut: SimulatedPowerCut, _ random: inout SplitMix64) {
        let keptPercent: Int
        switch cut {
        case .losesAll: keptPercent = 0
        case .keepsAll: keptPercent = 100
        case .drawn: keptPercent = [0, 100, 90, 50, 50, 10][random.below(6)]
        }
        for change in nameChanges where random.chance(percent: keptPercent) { settle(change) }
        nameChanges.removeAll()
        for index in directories.values.indices {
            directories.values[index].entries = directories.values[index].durable
        }
    }

    private mutating func settle(_ change: SimulatedNameChange) {
        for (slot, inode) in change.writes { directories[slot.directory]?.durable[slot.name] = inode }
    }
}
