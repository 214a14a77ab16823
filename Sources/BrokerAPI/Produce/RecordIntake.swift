import BrokerCore
import RecordFormat

/// Takes the records of a request, picks their partitions, enforces the limits, and encodes them once.
///
/// Nothing is allocated for a record but what its batch grows by.
struct RecordIntake {
    /// Where a record went: enough to tell its offset once the batches have theirs.
    struct Place {
        let slot: Int32
        let index: Int32
        let timestamp: Timestamp
    }

    /// Where each record went, in the request's order; empty unless it was asked for.
    private(set) var places: [Place] = []
    /// How many records were taken.
    private(set) var recordCount = 0
    /// What they take in their batches at most.
    private(set) var encodedBytesMax = ByteCount.zero
    /// The time of records that do not bring their own.
    let now: Timestamp

    private let topic: TopicName
    private let codec: Codec
    private let partitionCount: Int32
    private let limits: Limits
    private let recordsMax: Int
    private let keepsPlaces: Bool
    private let needsKeys: Bool
    private let trace: HeaderList?
    private let sticky: PartitionIndex
    /// The slot of each partition, -1 for none; empty while there is no more than one slot.
    private var slots: [Int32] = []
    private var batches: [PartitionBatches] = []

    /// An empty intake.
    ///
    /// - Parameters:
    ///   - codec: how the batches are compressed.
    ///   - sticky: where records without a key and a partition go, all of one request together.
    ///   - needsKeys: whether the topic is compacted: a record without a key would stay there for ever, and of a key in two
    ///     partitions two records would.
    ///   - trace: what goes with each record that does not name its trace itself.
    init(
        topic: TopicName,
        codec: Codec,
        partitionCount: Int32,
        sticky: PartitionIndex,
        now: Timestamp,
        limits: Limits,
        recordsMax: Int,
        keepsPlaces: Bool,
        needsKeys: Bool = false,
        trace: HeaderList? = nil
    ) {
        self.topic = topic
        self.codec = codec
        self.partitionCount = partitionCount
        self.sticky = sticky
        self.now = now
        self.limits = limits
        self.recordsMax = recordsMax
        self.keepsPlaces = keepsPlaces
        self.needsKeys = needsKeys
        self.trace = trace
    }

    /// Takes one record.
    mutating func append(_ record: RecordParts, headers: HeaderList, place: RecordPlace) throws(Problem) {
        let headers = trace.map { headers.traced(by: $0) } ?? headers
        let bytesMax = try check(record, headers, place)
        let slot = slot(of: try partition(of: record, place))
        if keepsPlaces {
            let index = Int32(truncatingIfNeeded: batches[slot].recordCount)
            places.append(Place(slot: Int32(truncatingIfNeeded: slot), index: index, timestamp: record.timestamp))
        }
        do throws(FormatError) {
            try batches[slot].append(record, headers: headers, bytesMax: bytesMax)
        } catch {
            throw Problem(compressing: error)
        }
        recordCount += 1
        encodedBytesMax += bytesMax
    }

    /// The batches of all partitions, in the order in which `Place.slot` counts.
    mutating func finish() throws(Problem) -> [AppendItem] {
        do throws(FormatError) {
            return try batches.indices.map { (slot) throws(FormatError) in
                let target = TopicPartition(topic, batches[slot].partition)
                return AppendItem(target: target, batches: try batches[slot].finish())
            }
        } catch {
            throw Problem(compressing: error)
        }
    }

    /// The bounds of one record and of the request; answers what the record takes of a batch at most.
    private func check(_ record: RecordParts, _ headers: HeaderList, _ place: RecordPlace) throws(Problem) -> ByteCount
    {
        guard recordCount < recordsMax else {
            throw Problem(
                .tooManyRecords,
                "one request takes at most \(recordsMax) records; send them in parts",
                members: [Problem.Member("max", .integer(Int64(recordsMax)))]
            )
        }
        if needsKeys, record.key == nil {
            throw place.problem(.keyMissing, "the topic \(topic) is compacted, and each of its records has a key")
        }
        do throws(RecordBounds.Excess) {
            return try RecordBounds(limits).check(
                key: record.key?.count,
                value: record.value?.count,
                headers: headers.count,
                headerBytes: headers.encodedBytes
            )
        } catch {
            var problem = place.problem(error.code, error.detail(of: "the record", headers: "headers"))
            problem.members += error.members
            throw problem
        }
    }

    private func partition(of record: RecordParts, _ place: RecordPlace) throws(Problem) -> PartitionIndex {
        guard let chosen = record.partition else {
            return record.key.map { Murmur2.partition(key: $0, count: partitionCount) } ?? sticky
        }
        guard chosen.value >= 0, chosen.value < partitionCount else {
            var problem = place.problem(
                .partitionNotFound,
                "the topic has the partitions 0 to \(partitionCount - 1), not \(chosen)"
            )
            problem.members.append(Problem.Member("partitions", .integer(Int64(partitionCount))))
            throw problem
        }
        if needsKeys, let key = record.key {
            let own = Murmur2.partition(key: key, count: partitionCount)
            guard chosen == own else { throw keyElsewhere(own, chosen, place) }
        }
        return chosen
    }

    private func keyElsewhere(_ own: PartitionIndex, _ chosen: PartitionIndex, _ place: RecordPlace) -> Problem {
        var problem = place.problem(
            .keyElsewhere,
            "the topic \(topic) is compacted, and its records of this key are those of partition \(own), not \(chosen): "
                + "leave the partition out"
        )
        problem.members.append(Problem.Member("partition", .integer(Int64(own.value))))
        return problem
    }

    private mutating func slot(of partition: PartitionIndex) -> Int {
        let index = Int(partition.value)
        if slots.isEmpty {
            if batches.first?.partition == partition { return 0 }
        } else if slots[index] >= 0 {
            return Int(slots[index])
        }
        if let first = batches.first {
            if slots.isEmpty {
                slots = Array(repeating: -1, count: Int(partitionCount))
                slots[Int(first.partition.value)] = 0
            }
            slots[index] = Int32(truncatingIfNeeded: batches.count)
        }
        batches.append(PartitionBatches(partition: partition, batchBytesMax: limits.batchBytesMax, codec: codec))
        encodedBytesMax += ByteCount(BatchHeader.size)
        return batches.count - 1
    }
}
