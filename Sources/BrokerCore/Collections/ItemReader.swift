import NIOCore
import RecordFormat

/// Reads single records of a partition; it blocks, and so runs on the read pool.
struct ItemReader {
    private let partition: Partition
    /// The batch that was read last: neighbours mostly stand in the same one.
    private var batch: RecordBatch?
    /// All of its records, once a second one of it was asked for.
    private var records: [DecodedRecord] = []

    /// A reader of one partition.
    init(_ partition: Partition) {
        self.partition = partition
    }

    /// The record at an offset; nil when compaction or retention has removed it.
    mutating func item(at offset: Offset) throws(BrokerError) -> CollectionItem? {
        let isNeighbour = batch.map { offset >= $0.baseOffset && offset < $0.nextOffset } == true
        if !isNeighbour { try load(offset) }
        guard let batch else { return nil }
        if isNeighbour, records.isEmpty { records = try partition.decoded(batch) }
        let record = isNeighbour ? neighbour(at: offset) : try partition.decoded(batch, at: offset)
        return record.map { partition.item($0.detached, isJSON: batch.isJSON) }
    }

    private func neighbour(at offset: Offset) -> DecodedRecord? {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].offset == offset ? records[low] : nil
    }

    /// Reads the batch that holds an offset, if one does.
    private mutating func load(_ offset: Offset) throws(BrokerError) {
        batch = nil
        records = []
        let outcome = try PartitionReader.read(partition, from: offset, bytesMax: 1)
        guard outcome.gap == nil, let found = outcome.batches.first, !found.isControl else { return }
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

    /// One record of a batch, without making all of them; nil when it has none there.
    func decoded(_ batch: RecordBatch, at offset: Offset) throws(BrokerError) -> DecodedRecord? {
        do {
            return try batch.decodedRecord(at: offset)
        } catch {
            throw .corrupt("\(identity): the batch at \(batch.baseOffset): \(error)")
        }
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

extension DecodedRecord {
    /// The record with bytes of its own, where those that it has are a part of many more: whoever kept it would keep them all, and
    /// a page of items from as many batches would take a thousand times of what it shows.
    fileprivate var detached: DecodedRecord {
        let bytes = (key?.readableBytes ?? 0) + (value?.readableBytes ?? 0)
        guard let held = key?.storageCapacity, held > 2 * bytes + 4096 else { return self }
        var copy = self
        copy.key = key.map { ByteBuffer(buffer: $0) }
        copy.value = value.map { ByteBuffer(buffer: $0) }
        copy.headers = headers.map { header in
            RecordHeader(name: ByteBuffer(buffer: header.name), value: header.value.map { ByteBuffer(buffer: $0) })
        }
        return copy
    }
}
