import Logging
import RecordFormat
import SegmentStore

/// Removes segments that a topic no longer wants, and seals those of idle partitions that are old.
struct RetentionJob: MaintenanceJob {
    let store: LogStore
    let queue: AppendQueue
    let registry: TopicRegistry
    let logger: Logger

    func run(_ partition: Partition, of topic: Topic) throws(StorageError) {
        // As it is now: a walk may be under way when somebody finds that he keeps too little.
        guard let current = registry.find(topic.name), current.id == topic.id else { return }
        let policy = current.settings.retention
        if store.rollIfDue(partition.key, policy) {
            // The journal thread may sleep: it takes the checkpoint that lists the segment.
            queue.wakeJournal()
        }
        guard let outcome = try store.retain(partition.key, policy) else { return }
        logger.info(
            "removed old segments",
            metadata: [
                "partition": "\(partition.identity)", "segments": "\(outcome.segmentCount)",
                "bytes": "\(outcome.bytes.value)", "logStartOffset": "\(outcome.logStart)",
            ]
        )
    }
}

extension TopicSettings {
    /// What retention keeps; a compacted topic keeps everything that compaction has left.
    var retention: RetentionPolicy {
        guard cleanup == .delete else { return RetentionPolicy() }
        return RetentionPolicy(bytes: retentionBytes, ageMaxMilliseconds: retentionSeconds.map { $0 * 1000 })
    }
}
