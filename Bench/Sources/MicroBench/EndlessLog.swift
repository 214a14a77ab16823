import RecordFormat
import Synchronization

/// A log that has a batch of one record at every offset; who reads where others have just read gets the same one.
final class EndlessLog: Sendable {
    private let newest: Mutex<RecordBatch>

    /// A log of copies of one record.
    init(_ record: RecordBatch) {
        newest = Mutex(record)
    }

    /// The batch at an offset.
    func batch(at offset: Offset) -> RecordBatch {
        newest.withLock { batch in
            if batch.baseOffset != offset { batch.stamp(baseOffset: offset, leaderEpoch: LeaderEpoch(0)) }
            return batch
        }
    }
}
