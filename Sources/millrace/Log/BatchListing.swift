import SegmentStore

/// The batches of a partition, one after the other, damage included.
struct BatchListing {
    private let facts: PartitionFacts
    private let directory: DirectoryInspection
    private let from: Int64
    private let limit: Int

    init(_ facts: PartitionFacts, of directory: DirectoryInspection, from: Int64, limit: Int) {
        self.facts = facts
        self.directory = directory
        self.from = from
        self.limit = limit
    }

    func print(_ output: OutputFormat) throws {
        var count = 0
        var table = Table(
            "OFFSET",
            "LAST",
            "RECORDS",
            "POSITION",
            "BYTES",
            "CODEC",
            "EPOCH",
            "PRODUCER",
            "SEQUENCE",
            "TIME",
            "CRC-32C"
        )
        for segment in facts.segments where segment.end.value > from {
            if output == .table { try StandardOutput.write(line: segment.path.string) }
            try directory.forEachBatch(of: segment) { batch in
                guard batch.lastOffset.value >= from, count < limit else { return count < limit }
                count += 1
                switch output {
                case .json: try LogOutput.write(json: BatchDocument(batch, in: segment))
                case .table: table.add(batch)
                }
                return true
            }
            if output == .table {
                try StandardOutput.write(table.text)
                table = table.emptied
            }
            if count >= limit { break }
        }
    }
}

/// A batch as `inspect` prints it.
struct BatchDocument: Encodable {
    let type = "batch"
    let path: String
    let position: UInt64
    let bytes: Int
    let baseOffset: Int64
    let lastOffset: Int64
    let records: Int
    let codec: String
    let json: Bool
    let leaderEpoch: Int32
    let producerID: Int64?
    let producerEpoch: Int16?
    let sequence: Int32?
    let maxTimestamp: String
    let checksum: String
    let damage: String?

    init(_ batch: BatchFacts, in segment: SegmentFacts) {
        path = segment.path.string
        position = batch.position.value
        bytes = batch.bytes.value
        baseOffset = batch.baseOffset.value
        lastOffset = batch.lastOffset.value
        records = batch.recordCount
        codec = batch.codec
        json = batch.isJSON
        leaderEpoch = batch.leaderEpoch.value
        producerID = batch.producer?.id
        producerEpoch = batch.producer?.epoch
        sequence = batch.producer?.sequence
        maxTimestamp = batch.maxTimestamp.rfc3339
        checksum = LogOutput.hex(batch.checksum)
        damage = batch.damage
    }
}

extension Table {
    fileprivate mutating func add(_ batch: BatchFacts) {
        if let damage = batch.damage {
            add(
                String(batch.baseOffset.value),
                String(batch.lastOffset.value),
                "-",
                String(batch.position.value),
                String(batch.bytes.value),
                "DAMAGED",
                "-",
                "-",
                "-",
                "-",
                damage
            )
            return
        }
        add(
            String(batch.baseOffset.value),
            String(batch.lastOffset.value),
            String(batch.recordCount),
            String(batch.position.value),
            String(batch.bytes.value),
            batch.codec,
            String(batch.leaderEpoch.value),
            batch.producer.map { String($0.id) } ?? "-",
            batch.producer.map { String($0.sequence) } ?? "-",
            batch.maxTimestamp.rfc3339,
            LogOutput.hex(batch.checksum)
        )
    }
}
