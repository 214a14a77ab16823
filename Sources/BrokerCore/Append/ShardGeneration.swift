import Synchronization

/// The generation of a coordinator shard: raised when one of its appends is refused and the shard is made anew.
final class ShardGeneration: Sendable {
    private let number = Atomic<Int>(0)

    /// The generation now.
    var current: Int { number.load(ordering: .acquiring) }

    /// Begins a new generation; requests of older ones will not be written.
    func raise() {
        number.add(1, ordering: .acquiringAndReleasing)
    }

    /// Marks a request as made now.
    func fence() -> ShardFence {
        ShardFence(source: self, generation: current)
    }
}

/// The generation in which a queued request was made.
struct ShardFence: Sendable {
    /// The shard's counter.
    let source: ShardGeneration
    /// Its value when the request was queued.
    let generation: Int

    /// Whether it has not been raised since.
    var isCurrent: Bool { source.current == generation }
}
