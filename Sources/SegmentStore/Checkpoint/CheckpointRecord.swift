import NIOCore
import RecordFormat
import SystemPackage

/// What a checkpoint covers: everything before `lsn` in the journal is flushed in the segments, as far as the rows say.
///
/// ```
///  0  8  generation       higher is newer; even ones stand in slot a, odd ones in b
///  8  8  lsn              where recovery begins to read the journal
/// 16  4  run              number of the run; the leader epoch of what it appends
/// 20  1  clean            1 when the broker stopped in order and nothing lies above the checkpoint
/// 21  3  0
/// 24  8  next producer    the next number in the file `producers`; an older file says less
/// 32  4  number of rows, then the rows
/// ```
struct CheckpointRecord: Hashable, Sendable {
    var generation: UInt64
    var lsn: LSN
    var run: LeaderEpoch
    var isClean: Bool
    /// The number that the next new name gets, as the file `producers` says it: an older file is told by it.
    var nextProducer: Int64
    var rows: [PartitionRow]

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeMultipleIntegers(generation, lsn.value, run.value)
        body.writeMultipleIntegers(UInt8(isClean ? 1 : 0), UInt8(0), UInt16(0), nextProducer, UInt32(rows.count))
        for row in rows { row.encode(into: &body) }
        return SealedFile.encode(.checkpoint, directory: directory, body: body)
    }

    init(
        generation: UInt64,
        lsn: LSN,
        run: LeaderEpoch,
        isClean: Bool,
        nextProducer: Int64,
        rows: [PartitionRow]
    ) {
        self.generation = generation
        self.lsn = lsn
        self.run = run
        self.isClean = isClean
        self.nextProducer = nextProducer
        self.rows = rows
    }

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.checkpoint, file, directory: directory, path: path).body
        guard let (generation, lsn, run) = body.readMultipleIntegers(as: (UInt64, UInt64, Int32).self),
            let (clean, _, _, next, count) = body.readMultipleIntegers(as: (UInt8, UInt8, UInt16, Int64, UInt32).self)
        else { throw .corrupt(path: path, position: .zero, reason: "the body is too short") }
        var rows: [PartitionRow] = []
        for _ in 0..<count {
            guard let row = PartitionRow(decoding: &body) else {
                throw .corrupt(path: path, position: .zero, reason: "row \(rows.count) of \(count) is damaged")
            }
            rows.append(row)
        }
        self.init(
            generation: generation,
            lsn: LSN(lsn),
            run: LeaderEpoch(run),
            isClean: clean == 1,
            nextProducer: next,
            rows: rows
        )
    }
}

/// Where a partition stood at a checkpoint.
///
/// ```
///  0 16  topic id
/// 16  4  partition
/// 20  4  number of segments sealed but not yet in the manifest
/// 24  8  base offset of the active segment
/// 32  8  its size
/// 40  8  the next offset
/// 48  8  log start offset
/// 56  8  largest record timestamp in the active segment, -1 when it holds no record
/// 64  8  wall time of the active segment's first append, in milliseconds
/// 72  4  number of epochs that are not in the manifest yet
/// 76  4  1 when the partition is quarantined, else 0
/// 80  .. a SealedSegment each, then an EpochStart each, then perhaps a Quarantine
/// ```
struct PartitionRow: Hashable, Sendable {
    let key: PartitionKey
    let activeBase: Offset
    let position: FilePosition
    let end: Offset
    let logStart: Offset
    let maxTimestamp: Int64
    let activeSince: Timestamp
    let sealed: [SealedSegment]
    let epochs: [EpochStart]
    var quarantine: Quarantine?

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeTopicID(key.topic)
        buffer.writeMultipleIntegers(key.partition.value, UInt32(sealed.count))
        buffer.writeMultipleIntegers(activeBase.value, position.value, end.value, logStart.value, maxTimestamp)
        buffer.writeMultipleIntegers(activeSince.millisecondsSinceEpoch, UInt32(epochs.count))
        buffer.writeInteger(UInt32(quarantine == nil ? 0 : 1))
        for segment in sealed { segment.encode(into: &buffer) }
        for epoch in epochs { epoch.encode(into: &buffer) }
        quarantine?.encode(into: &buffer)
    }

    init(
        key: PartitionKey,
        activeBase: Offset,
        position: FilePosition,
        end: Offset,
        logStart: Offset,
        maxTimestamp: Int64,
        activeSince: Timestamp,
        sealed: [SealedSegment],
        epochs: [EpochStart],
        quarantine: Quarantine? = nil
    ) {
        self.key = key
        self.activeBase = activeBase
        self.position = position
        self.end = end
        self.logStart = logStart
        self.maxTimestamp = maxTimestamp
        self.activeSince = activeSince
        self.sealed = sealed
        self.epochs = epochs
        self.quarantine = quarantine
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let topic = buffer.readTopicID(),
            let (partition, sealedCount) = buffer.readMultipleIntegers(as: (Int32, UInt32).self),
            let (base, position, end, logStart, time) = buffer.readMultipleIntegers(
                as: (Int64, UInt64, Int64, Int64, Int64).self
            ),
            let (since, epochCount, isQuarantined) = buffer.readMultipleIntegers(as: (Int64, UInt32, UInt32).self),
            base >= 0, end >= base, logStart >= 0, logStart <= end
        else { return nil }
        var sealed: [SealedSegment] = []
        for _ in 0..<sealedCount {
            guard let segment = SealedSegment(decoding: &buffer) else { return nil }
            sealed.append(segment)
        }
        var epochs: [EpochStart] = []
        for _ in 0..<epochCount {
            guard let epoch = EpochStart(decoding: &buffer) else { return nil }
            epochs.append(epoch)
        }
        var quarantine: Quarantine?
        if isQuarantined != 0 {
            guard let found = Quarantine(decoding: &buffer) else { return nil }
            quarantine = found
        }
        self.init(
            key: PartitionKey(topic: topic, partition: PartitionIndex(partition)),
            activeBase: Offset(base),
            position: FilePosition(position),
            end: Offset(end),
            logStart: Offset(logStart),
            maxTimestamp: time,
            activeSince: Timestamp(millisecondsSinceEpoch: since),
            sealed: sealed,
            epochs: epochs,
            quarantine: quarantine
        )
    }
}
