import RecordFormat
import Synchronization

/// Gives a new topic the number at which a collection's versions begin: above every one that an earlier topic had.
///
/// It is the time in microseconds: no collection has more changes than microseconds went by since it was made. Within a
/// process it also lies above the versions of all topics that were deleted, whatever the clock says.
///
/// Concurrency: the lock is a leaf; only the administration thread comes here.
final class VersionBases: Sendable {
    private let last = Mutex<Int64>(0)

    init() {}

    /// The base of a topic that is made now.
    func next(at now: Timestamp) -> Int64 {
        last.withLock { last in
            last = max(last, now.millisecondsSinceEpoch * 1000) + 1
            return last
        }
    }

    /// Notes the versions of a topic that was deleted.
    func retire(_ topic: Topic) {
        let end = topic.versionBase + (topic.partitions.map(\.visible.value).max() ?? 0)
        last.withLock { $0 = max($0, end) }
    }
}
