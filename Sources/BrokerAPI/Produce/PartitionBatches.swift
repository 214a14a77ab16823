import RecordFormat

/// The records of a request for one partition, encoded into batches as they are read.
///
/// A batch ends when the next record would make it too large, or when the claim that all its values are JSON would end.
struct PartitionBatches {
    /// The partition.
    let partition: PartitionIndex
    /// How many records there are, in all batches.
    private(set) var recordCount = 0

    private let batchBytesMax: ByteCount
    private let codec: Codec
    private var sealed: [RecordBatch] = []
    private var builder = RecordBatchBuilder()
    private var isJSON = false

    /// No records yet; `batchBytesMax` bounds a batch before `codec` makes it smaller, so that readers inflate no more.
    init(partition: PartitionIndex, batchBytesMax: ByteCount, codec: Codec) {
        self.partition = partition
        self.batchBytesMax = batchBytesMax
        self.codec = codec
    }

    /// Appends a record; `bytesMax` is the most that it takes of a batch.
    mutating func append(_ record: RecordParts, headers: HeaderList, bytesMax: ByteCount) throws(FormatError) {
        let fits = builder.encodedBytes + bytesMax <= batchBytesMax
        if builder.recordCount > 0, !fits || !goesWith(record.kind) {
            sealed.append(try builder.finish(codec: codec))
        }
        if builder.recordCount == 0 {
            isJSON = record.kind != .bytes
            builder = RecordBatchBuilder(isJSON: isJSON)
        }
        builder.append(timestamp: record.timestamp, key: record.key, value: record.value, headers: headers)
        recordCount += 1
    }

    /// All batches, the last one ended.
    mutating func finish() throws(FormatError) -> [RecordBatch] {
        if builder.recordCount > 0 { sealed.append(try builder.finish(codec: codec)) }
        return sealed
    }

    /// A tombstone has no value to be JSON or not, so it goes with either.
    private func goesWith(_ kind: RecordParts.Kind) -> Bool {
        kind == .tombstone || (kind == .json) == isJSON
    }
}

/// One record to append; the pointers are valid for the call that takes it.
struct RecordParts {
    /// What is known of the value.
    enum Kind {
        case json
        case bytes
        case tombstone
    }

    var kind: Kind
    var key: UnsafeRawBufferPointer?
    var value: UnsafeRawBufferPointer?
    var timestamp: Timestamp
    var partition: PartitionIndex?
}
