import GroupCoordination
import RecordFormat

/// Reads a coordinator shard from its partition: the same records, in the order in which they were appended.
enum GroupShardLoader {
    private static let readBytes = 1 << 20

    /// Replays the whole partition into a new shard.
    ///
    /// Blocks.
    static func load(
        _ partition: Partition,
        _ configuration: GroupConfiguration,
        at now: GroupNow
    ) throws(BrokerStartError) -> GroupShard {
        var shard = GroupShard(configuration: configuration)
        var next = partition.logStart
        let end = partition.visible
        while next < end {
            let slice: PartitionReader.Outcome
            do {
                slice = try PartitionReader.read(partition, from: next, bytesMax: readBytes)
            } catch {
                throw BrokerStartError(.storage, "cannot read the groups from \(partition.identity): \(error)")
            }
            for batch in slice.batches where !batch.isControl { try replay(batch, partition, &shard, now) }
            next = slice.next
        }
        return shard
    }

    private static func replay(
        _ batch: RecordBatch,
        _ partition: Partition,
        _ shard: inout GroupShard,
        _ now: GroupNow
    ) throws(BrokerStartError) {
        do {
            try batch.forEachRecord { record, bytes in
                guard let key = record.key else { return }
                try shard.replay(key: Array(bytes[key]), value: record.value.map { Array(bytes[$0]) }, now: now)
            }
        } catch {
            throw BrokerStartError(
                .storage,
                "cannot read the groups from \(partition.identity), batch at offset \(batch.baseOffset): \(error)"
            )
        }
    }
}
