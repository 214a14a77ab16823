import GroupCoordination
import RecordFormat

/// Records of a coordinator shard as batches of the log.
enum GroupRecordBatches {
    /// A batch is ended past this size: large outcomes become several batches of one request.
    private static let batchBytes = 512 * 1024

    /// Encodes records in their order; at least one.
    static func encode(_ records: [GroupRecord], at timestamp: Timestamp) -> [RecordBatch] {
        var batches: [RecordBatch] = []
        var builder = RecordBatchBuilder()
        for record in records {
            record.key.withUnsafeBytes { key in
                guard let value = record.value else {
                    return builder.append(timestamp: timestamp, key: key, value: nil)
                }
                value.withUnsafeBytes { builder.append(timestamp: timestamp, key: key, value: $0) }
            }
            if builder.encodedBytes.value >= batchBytes { batches.append(builder.finish()) }
        }
        if builder.recordCount > 0 { batches.append(builder.finish()) }
        return batches
    }
}
