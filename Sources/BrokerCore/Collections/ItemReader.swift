import NIOCore
import RecordFormat

/// Reads single records of a partition; it blocks, and so runs on the read pool.
///
/// It keeps the batches that it has read last, for as long as it is there itself: records that are asked for together mostly
/// stand in a few of them.
struct ItemReader {
    private struct Known {
        let batch: RecordBatch
        /// All of its records, once a second one of it was asked for.
        var records: [DecodedRecord]?

        /// What it takes, about: its records are of the batch as it is when it is not compressed.
        var bytes: Int { max(batch.encodedBytes.value, records?.first?.heldBytes ?? 0) }

        func holds(_ offset: Offset) -> Bool { offset >= batch.baseOffset && offset < batch.nextOffset }
    }

    /// The most that the batches which it keeps may take together, but for the last (4 MiB), and how many they are (64).
    private static let keptBytesMax = ByteCount.mebibytes(4)
    private static let keptCountMax = 64

    private let partition: Partition
    /// The batch that was used last is the last.
    private var known: [Known] = []

    /// A reader of one partition.
    init(_ partition: Partition) {
        self.partition = partition
    }

    /// The record at an offset; nil when compaction or retention has removed it.
    mutating func item(at offset: Offset) throws(BrokerError) -> CollectionItem? {
        if let place = known.lastIndex(where: { $0.holds(offset) }) {
            var found = known.remove(at: place)
            if found.records == nil { found.records = try partition.decoded(found.batch) }
            known.append(found)
            makeRoom()
            return Self.record(at: offset, in: found.records ?? []).map { item($0, of: found.batch) }
        }
        guard let batch = try load(offset) else { return nil }
        return try partition.decoded(batch, at: offset).map { item($0, of: batch) }
    }

    private func item(_ record: DecodedRecord, of batch: RecordBatch) -> CollectionItem {
        partition.item(record.detached, isJSON: batch.isJSON)
    }

    private static func record(at offset: Offset, in records: [DecodedRecord]) -> DecodedRecord? {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low < records.count && records[low].offset == offset ? records[low] : nil
    }

    /// Reads the batch that holds an offset, if one does.
    private mutating func load(_ offset: Offset) throws(BrokerError) -> RecordBatch? {
        let outcome = try PartitionReader.read(partition, from: offset, bytesMax: 1)
        guard outcome.gap == nil, let found = outcome.batches.first, !found.isControl else { return nil }
        known.append(Known(batch: found))
        makeRoom()
        return found
    }

    /// Lets go of the batches that were not used for longest, where they are too many.
    private mutating func makeRoom() {
        var bytes = known.reduce(0) { $0 + $1.bytes }
        while known.count > 1, bytes > Self.keptBytesMax.value || known.count > Self.keptCountMax {
            bytes -= known.removeFirst().bytes
        }
    }
}

extension Partition {
    /// A record as an item; it came into being when it says, else with the key's first version as far as that is known.
    func item(_ record: DecodedRecord, isJSON: Bool, isNew: Bool = false) -> CollectionItem {
        if let birth = record.birth {
            return CollectionItem(partition: identity, record: record, isJSON: isJSON, created: birth)
        }
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
    /// What the bytes that it has are a part of: a batch, as it is when it is not compressed.
    fileprivate var heldBytes: Int { max(key?.storageCapacity ?? 0, value?.storageCapacity ?? 0) }

    /// The record with bytes of its own, where those that it has are a part of many more.
    ///
    /// Whoever kept it would keep them all, and a page of items from as many batches would take a thousand times of what it shows.
    fileprivate var detached: DecodedRecord {
        heldBytes > 2 * ownBytes + 512 ? copied : self
    }

    /// What it has of them itself.
    fileprivate var ownBytes: Int {
        headers.reduce((key?.readableBytes ?? 0) + (value?.readableBytes ?? 0)) { sum, header in
            sum + header.name.readableBytes + (header.value?.readableBytes ?? 0)
        }
    }

    fileprivate var copied: DecodedRecord {
        var copy = self
        copy.key = key.map { ByteBuffer(buffer: $0) }
        copy.value = value.map { ByteBuffer(buffer: $0) }
        copy.headers = headers.map { header in
            RecordHeader(name: ByteBuffer(buffer: header.name), value: header.value.map { ByteBuffer(buffer: $0) })
        }
        return copy
    }
}

extension [DecodedRecord] {
    /// The records of one batch with bytes of their own, where they are a small part of it together.
    ///
    /// Who goes on within a batch, or passes most of it over, would keep all of it.
    var detachedFromBatch: [DecodedRecord] {
        let held = reduce(0) { Swift.max($0, $1.heldBytes) }
        return held > 2 * reduce(0) { $0 + $1.ownBytes } + 512 ? map(\.copied) : self
    }
}
