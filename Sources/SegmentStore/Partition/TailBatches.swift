import RecordFormat
import Synchronization

/// The last batches of a partition in memory, for readers at the tail: what no checkpoint covers yet, and what the last one
/// covered, within bounds.
///
/// So a reader that keeps up touches no file, and nobody reads bytes that only the page cache holds (03b-journal rule 16).
/// For the latter a batch has to be here until a checkpoint covers it. It stays until the next checkpoint begins, since a
/// reader may lag a little and would go to the file once a second. But what is covered never takes room from what is not:
/// it is let go of at once while all tails together take more than half of their bound (``TailBudget/isScarce``). And it goes
/// when no checkpoint comes, so that an idle partition keeps nothing.
struct TailBatches {
    private var batches: [RecordBatch] = []
    /// Batches before it are let go already; they leave the array in bulk.
    private var head = 0
    private(set) var bytes = 0

    /// The most bytes that one partition keeps.
    static let bytesMax = 1 << 20
    /// What one batch takes at least: many small ones are bounded, too.
    private static let overheadBytes = 128

    private static func cost(_ batch: RecordBatch) -> Int { batch.encodedBytes.value + overheadBytes }

    /// Adds the batches of a round, stamped, in order; the oldest make room.
    ///
    /// - Parameter budget: what all partitions share; when it is used up this one keeps nothing.
    mutating func append(_ added: [RecordBatch], _ budget: TailBudget) {
        for batch in added {
            let cost = Self.cost(batch)
            // What was left out would be a hole.
            if let last = batches.last, last.nextOffset != batch.baseOffset { removeAll(budget) }
            while bytes + cost > Self.bytesMax, head < batches.count { removeFirst(budget) }
            guard cost <= Self.bytesMax, budget.take(cost) else {
                removeAll(budget)
                continue
            }
            batches.append(batch)
            bytes += cost
        }
    }

    private mutating func removeFirst(_ budget: TailBudget) {
        let cost = Self.cost(batches[head])
        head += 1
        bytes -= cost
        budget.give(cost)
        guard head > 16, head * 2 > batches.count else { return }
        batches.removeFirst(head)
        head = 0
    }

    mutating func removeAll(_ budget: TailBudget) {
        budget.give(bytes)
        batches = []
        head = 0
        bytes = 0
    }

    /// Lets go of what a checkpoint covers.
    mutating func removeAll(below offset: Offset, _ budget: TailBudget) {
        guard let last = batches.last else { return }
        guard last.nextOffset > offset else { return removeAll(budget) }
        while head < batches.count, batches[head].nextOffset <= offset { removeFirst(budget) }
    }

    /// Batches from the one that holds an offset on, about so many bytes, at least one; nil when it is not kept.
    func batches(from offset: Offset, bytesMax: Int) -> [RecordBatch]? {
        guard head < batches.count, batches[head].baseOffset <= offset else { return nil }
        var low = head
        var high = batches.count
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].nextOffset <= offset { low = middle + 1 } else { high = middle }
        }
        guard low < batches.count else { return nil }
        var end = low + 1
        var taken = batches[low].encodedBytes.value
        while end < batches.count, taken + batches[end].encodedBytes.value <= bytesMax {
            taken += batches[end].encodedBytes.value
            end += 1
        }
        return Array(batches[low..<end])
    }
}

/// What the tails of all partitions of a store may take together.
final class TailBudget: Sendable {
    private let left: Atomic<Int>
    private let bytesMax: Int

    /// The most bytes of all tails, unless told otherwise.
    static let bytesMax = 64 << 20

    init(bytesMax: Int = bytesMax) {
        left = Atomic(bytesMax)
        self.bytesMax = bytesMax
    }

    /// Whether more than half is taken: what need not be kept is let go of.
    var isScarce: Bool { left.load(ordering: .relaxed) < bytesMax / 2 }

    /// Whether there was room; it is taken then.
    func take(_ bytes: Int) -> Bool {
        if left.subtract(bytes, ordering: .relaxed).newValue >= 0 { return true }
        left.add(bytes, ordering: .relaxed)
        return false
    }

    func give(_ bytes: Int) {
        left.add(bytes, ordering: .relaxed)
    }
}
