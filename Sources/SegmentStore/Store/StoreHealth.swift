import RecordFormat
import Synchronization

/// Whether storage has failed; what all partitions of a store share.
///
/// Set before the failing call returns; checked before anything is answered, recorded or removed; never cleared.
final class StoreHealth: Sendable {
    /// The wall clock, to note since when something is damaged.
    let wallTime: WallTime
    /// What the tails of all partitions may take of memory.
    let tails: TailBudget
    private let failed = Atomic<Bool>(false)
    private let listener = Mutex<(@Sendable (PartitionKey, Quarantine) -> Void)?>(nil)

    init(wallTime: @escaping WallTime, tailBytesMax: ByteCount) {
        self.wallTime = wallTime
        tails = TailBudget(bytesMax: tailBytesMax.value)
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }

    /// Sets who is told of partitions that are set aside while the store is open.
    func onQuarantine(_ listener: @escaping @Sendable (PartitionKey, Quarantine) -> Void) {
        self.listener.withLock { $0 = listener }
    }

    /// Tells that a partition was set aside; with no lock held.
    func tell(_ quarantine: Quarantine, of key: PartitionKey) {
        listener.withLock { $0 }?(key, quarantine)
    }

    func fail() {
        failed.store(true, ordering: .releasing)
    }
}
