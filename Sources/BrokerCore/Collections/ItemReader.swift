import RecordFormat

/// Reads single records of a partition; it blocks, and so runs on the read pool.
struct ItemReader {
    private let partition: Partition
    /// The records of the batch that was read last: neighbours mostly stand in the same one.
    private var records: [DecodedRecord] = []
    private var batch: RecordBatch?

    /// A reader of one partition.
    init(_ partition: Partition) {
        self.partition = partition
    }

    /// The record at an offset; nil when compaction or retention has removed it.
    mutating func item(at offset: Offset) throws(BrokerError) -> CollectionItem? {
        if batch.map({ offset >= $0.baseOffset && offset < $0.nextOffset }) != true { try load(offset) }
        guard let batch, let record = records.first(where: { $0.offset == offset }) else { return nil }
        return partition.item(record, isJSON: batch.isJSON)
    }

    /// Reads the batch that holds an offset, if one does.
    private mutating func load(_ offset: Offset) throws(BrokerError) {
        batch = nil
        records = []
        let outcome = try PartitionReader.read(partition, from: offset, bytesMax: 1)
        guard outcome.gap == nil, let found = outcome.batches.first, !found.isControl else { return }
        records = try partition.decoded(found)
        batch = found
    }
}

extension Partition {
    /// A record as an item; it came into being with the key's first version as far as that is known.
    func item(_ record: DecodedRecord, isJSON: Bool, isNew: Bool = false) -> CollectionItem {
        let known = record.key.flatMap { key in
            key.withUnsafeReadableBytes { key in collection.look { $0.latest(of: key)?.created } ?? nil }
        }
        let created = isNew ? record.timestamp : min(known ?? record.timestamp, record.timestamp)
        return CollectionItem(partition: identity, record: record, isJSON: isJSON, created: created)
    }

    /// The records of a batch, where damage is told with its place.
    func decoded(_ batch: RecordBatch) throws(BrokerError) -> [DecodedRecord] {
        do {
            return try batch.decodedRecords()
        } catch {
            throw .corrupt("\(identity): the batch at \(batch.baseOffset): \(error)")
        }
    }
}
