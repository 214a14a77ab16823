public import RecordFormat
import SegmentStore

extension Broker {
    /// Deletes the records of a partition below an offset.
    ///
    /// One entry in a frame; the segments that hold nothing else go with the next look of maintenance, which is asked for.
    public func deleteRecords(of target: TopicPartition, before: Offset) async throws(BrokerError) -> Offset {
        guard !target.topic.isInternal else { throw .nameReserved(target.topic.name) }
        guard before >= .zero else { throw .invalid("before is an offset from 0, not \(before)") }
        let topic = try registry.topic(target.topic)
        let partition = try topic.partition(target.partition)
        guard topic.settings.cleanup == .delete else {
            throw .topicCannotChange(
                topic.name,
                reason:
                    "a compacted topic keeps the latest record of each key; delete a key with a record without a value"
            )
        }
        let request = CommitRequest(
            appends: [],
            deletedPrefix: PrefixDeletion(key: partition.key, before: before)
        )
        let resolution: AppendResolution = await withCheckedContinuation { continuation in
            let queued = QueuedAppend(request: request, bytes: LogStore.entryBytes(request).value, targets: []) {
                continuation.resume(returning: $0)
            }
            // Urgent, since it makes room: a full queue of appends must not refuse it.
            if queue.add(queued, isUrgent: true) == .closed {
                continuation.resume(returning: .notWritten("the broker stops"))
            }
        }
        if let error = BrokerError(resolution, targets: [partition]) { throw error }
        journal.maintenance.wake()
        return partition.logStart
    }
}
