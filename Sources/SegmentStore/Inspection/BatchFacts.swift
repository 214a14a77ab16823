import NIOCore
import RecordFormat

/// A batch as it stands in a segment, or the damage that stands in its place.
public struct BatchFacts: Sendable {
    /// Where it begins in the file.
    public let position: FilePosition
    /// Its size.
    public let bytes: ByteCount
    /// The first offset; of damage, the first that is missing.
    public let baseOffset: Offset
    /// The last offset.
    public let lastOffset: Offset
    /// How many records it holds.
    public let recordCount: Int
    /// How they are compressed.
    public let codec: String
    /// Whether every value was validated as JSON.
    public let isJSON: Bool
    /// The run that appended it.
    public let leaderEpoch: LeaderEpoch
    /// Who produced it, if the producer named itself.
    public let producer: (id: Int64, epoch: Int16, sequence: Int32)?
    /// The largest timestamp of its records.
    public let maxTimestamp: Timestamp
    /// The checksum in its header.
    public let checksum: UInt32
    /// Why it is no batch; nil for a whole one.
    public let damage: String?

    fileprivate init(_ batch: RecordBatch, at position: FilePosition) {
        self.position = position
        bytes = batch.encodedBytes
        baseOffset = batch.baseOffset
        lastOffset = batch.lastOffset
        recordCount = batch.recordCount
        codec = "\(batch.codec)"
        isJSON = batch.isJSON
        leaderEpoch = batch.leaderEpoch
        producer = batch.bytes.withUnsafeReadableBytes { bytes in
            let id = BatchHeader.producerID(bytes)
            return id < 0 ? nil : (id, BatchHeader.producerEpoch(bytes), BatchHeader.baseSequence(bytes))
        }
        maxTimestamp = batch.maxTimestamp
        checksum = batch.checksum
        damage = nil
    }

    fileprivate init(damage reason: String, bytes: Range<UInt64>, lost: Range<Offset>) {
        position = FilePosition(bytes.lowerBound)
        self.bytes = ByteCount(bytes.count)
        baseOffset = lost.lowerBound
        lastOffset = lost.isEmpty ? lost.lowerBound : lost.upperBound.advanced(by: -1)
        recordCount = 0
        codec = "none"
        isJSON = false
        leaderEpoch = LeaderEpoch(-1)
        producer = nil
        maxTimestamp = .epoch
        checksum = 0
        damage = reason
    }
}

extension DirectoryInspection {
    /// Visits a segment's batches in order, and what is damaged between them.
    ///
    /// - Parameter visit: says whether to go on.
    public func forEachBatch(
        of segment: SegmentFacts,
        _ visit: (BatchFacts) throws -> Bool
    ) throws {
        let file = try StorageError.wrap { () throws(FileError) in try fileSystem.open(segment.path, .read) }
        defer { file.close() }
        var scan = try SegmentScan(segment, file: file)
        while let piece = try scan.next() {
            let facts =
                switch piece {
                case .batch(let batch, let position): BatchFacts(batch, at: position)
                case .damage(let bytes, let lost, let reason): BatchFacts(damage: reason, bytes: bytes, lost: lost)
                }
            guard try visit(facts) else { return }
        }
    }
}
