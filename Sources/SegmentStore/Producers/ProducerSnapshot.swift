import NIOCore
import RecordFormat
import SystemPackage

/// What a partition's log told of its producers up to an offset.
///
/// It saves the reading of the log, and it remembers what compaction and retention have taken from the log. It is no
/// evidence about the log: one that is damaged, belongs to another partition, lies beyond the log's end, or was made in a
/// run whose records do not stand before its offset is passed over.
///
/// ```
///  0 16  topic id
/// 16  4  partition
/// 20  4  run        the leader epoch of the last batch before the offset, -1 when there is none
/// 24  8  offset     every batch before it is counted
/// 32  8  known from   of producers with a lower number something may have been lost
/// 40  4  number of producers, then for each:
///     8  number
///     2  epoch
///     2  number of its last requests, 1 to 5, in the order of their sequences; then for each:
///        4  sequence
///        4  number of records
///        8  first offset
///        4  CRC-32C of the content
/// ```
struct ProducerSnapshot: Hashable, Sendable {
    let key: PartitionKey
    let run: LeaderEpoch
    let offset: Offset
    let producers: PartitionProducers

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeTopicID(key.topic)
        body.writeMultipleIntegers(key.partition.value, run.value, offset.value, producers.knownFrom)
        body.writeInteger(UInt32(producers.windows.count))
        for (number, window) in producers.windows.sorted(by: { $0.key < $1.key }) {
            body.writeMultipleIntegers(number, window.epoch, UInt16(window.shares.count))
            for share in window.shares {
                body.writeMultipleIntegers(share.sequence, share.count, share.base.value, share.checksum)
            }
        }
        return SealedFile.encode(.snapshot, directory: directory, body: body)
    }

    init(key: PartitionKey, run: LeaderEpoch, offset: Offset, producers: PartitionProducers) {
        self.key = key
        self.run = run
        self.offset = offset
        self.producers = producers
    }

    init(decoding file: ByteBuffer, directory: [UInt8], path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.snapshot, file, directory: directory, path: path).body
        guard let topic = body.readTopicID(),
            let (partition, run, offset, knownFrom) = body.readMultipleIntegers(as: (Int32, Int32, Int64, Int64).self),
            let count = body.readInteger(as: UInt32.self), offset >= 0
        else { throw .corrupt(path: path, position: .zero, reason: "the body is too short") }
        var windows: [Int64: PartitionProducers.Window] = [:]
        for row in 0..<count {
            guard let (number, window) = Self.window(&body) else {
                throw .corrupt(path: path, position: .zero, reason: "producer \(row) of \(count) is damaged")
            }
            windows[number] = window
        }
        self.init(
            key: PartitionKey(topic: topic, partition: PartitionIndex(partition)),
            run: LeaderEpoch(run),
            offset: Offset(offset),
            producers: PartitionProducers(windows: windows, knownFrom: knownFrom)
        )
    }

    private static func window(_ body: inout ByteBuffer) -> (Int64, PartitionProducers.Window)? {
        guard let (number, epoch, count) = body.readMultipleIntegers(as: (Int64, Int16, UInt16).self), epoch >= 0,
            (1...ProducerWindow.requestsMax).contains(Int(count))
        else { return nil }
        var shares: [PartitionProducers.Share] = []
        for _ in 0..<count {
            guard
                let (sequence, records, base, checksum) = body.readMultipleIntegers(
                    as: (Int32, Int32, Int64, UInt32).self
                ), sequence > shares.last?.sequence ?? -1, records > 0, base >= 0, base < .max - Int64(records)
            else { return nil }
            shares.append(.init(sequence: sequence, base: Offset(base), count: records, checksum: checksum))
        }
        return (number, PartitionProducers.Window(epoch: epoch, shares: shares))
    }
}
