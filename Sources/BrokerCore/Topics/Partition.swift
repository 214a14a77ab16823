import RecordFormat
import SegmentStore

/// A partition of a running broker: its log, and the signal that its tail has moved.
///
/// The journal thread alone appends to the log; everybody reads.
final class Partition: Sendable {
    /// Its name to the outside.
    let identity: TopicPartition
    /// Its name to the storage.
    let key: PartitionKey
    /// The stored records.
    let log: PartitionLog
    /// Wakes those who wait for more.
    let tail: TailSignal
    /// Its keys, where it is part of a collection.
    let collection = CollectionState()
    /// Who changes its items, one after another.
    let itemTurns = ItemTurns()
    /// Where a read tells that the storage has failed.
    let failure: FailureLatch

    init(identity: TopicPartition, log: PartitionLog, failure: FailureLatch) {
        self.identity = identity
        self.log = log
        self.failure = failure
        key = log.key
        tail = TailSignal(visible: log.watermarks.visible.offset)
    }

    /// The first offset that is kept.
    var logStart: Offset { log.watermarks.logStart.offset }

    /// The end (exclusive) of what readers may see.
    var visible: Offset { log.watermarks.visible.offset }

    /// Its offsets now.
    func describe() -> PartitionDescription {
        let watermarks = log.watermarks
        let quarantine = log.quarantine
        return PartitionDescription(
            index: identity.partition,
            logStart: watermarks.logStart.offset,
            visible: watermarks.visible.offset,
            size: log.size,
            quarantine: quarantine?.reason,
            quarantinedSince: quarantine?.since,
            leaderEpoch: log.epochs.last?.epoch
        )
    }
}
