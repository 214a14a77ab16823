import SegmentStore

/// What became of a queued request; told exactly once, on the journal's thread or the caller's, outside of all locks.
enum AppendResolution: Sendable {
    /// On stable storage, one range an append, in order.
    case stored([AppendedRange])
    /// On stable storage since an earlier request of the same producer, there.
    case duplicate([AppendedRange])
    /// Nothing was stored.
    case refused(CommitRefusal)
    /// An earlier request of the same coordinator shard was refused, so this one was not tried (rule 24 of the journal).
    case superseded
    /// The broker stops or failed before the request was written; nothing was stored.
    case notWritten(String)
    /// The storage failed after the write began: stored or not, only a recovery will tell.
    case outcomeUnknown(String)
}

/// A request on its way to the journal.
struct QueuedAppend: Sendable {
    /// What to commit.
    let request: CommitRequest
    /// What it takes of a frame.
    let bytes: Int
    /// The running partitions of `request.appends`, in the same order.
    let targets: [Partition]
    /// The coordinator shards that the request belongs to, with the generation it was made in.
    var fences: [ShardFence] = []
    /// Whether the request gets a round of its own, because later requests of the same shards depend on it.
    var isAlone = false
    /// Takes the outcome.
    let resolve: @Sendable (AppendResolution) -> Void

    /// Whether every shard is still in the generation in which the request was made.
    var isCurrent: Bool { fences.allSatisfy(\.isCurrent) }
}
