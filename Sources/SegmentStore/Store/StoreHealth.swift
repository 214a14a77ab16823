import RecordFormat
import Synchronization

/// Whether storage has failed; what all partitions of a store share.
///
/// Set before the failing call returns; checked before anything is answered, recorded or removed; never cleared.
final class StoreHealth: Sendable {
    /// The wall clock, to note since when something is damaged.
    let wallTime: WallTime
    private let failed = Atomic<Bool>(false)

    init(wallTime: @escaping WallTime) {
        self.wallTime = wallTime
    }

    var hasFailed: Bool { failed.load(ordering: .acquiring) }

    func fail() {
        failed.store(true, ordering: .releasing)
    }
}
