import RecordFormat
import SegmentStore

/// One kind of work on what is stored, done by the maintenance thread for every partition from time to time.
protocol MaintenanceJob: Sendable {
    /// Looks after one partition; blocks.
    ///
    /// - Throws: `outcomeUnknown` or `stopped` when the process must exit; any other error is told, and the next turn tries
    ///   again.
    func run(_ partition: Partition, of topic: Topic) throws(StorageError)
}
