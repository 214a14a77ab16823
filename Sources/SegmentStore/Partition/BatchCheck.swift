import RecordFormat

/// Verifies a segment's batches one after the other: each whole, in its place, and of the run that wrote it.
///
/// The leader epoch lies outside a batch's checksum; it is compared with the partition's list of runs.
struct BatchCheck {
    private var walk: SegmentWalk
    private let segment: Segment
    private let limit: FilePosition
    private let end: Offset
    private let epochs: [EpochStart]
    private var next: Offset
    /// Everything before was verified.
    private(set) var position = FilePosition.zero

    /// - Parameter end: the segment's end (exclusive), which its last batch must reach.
    init(_ segment: Segment, limit: FilePosition, end: Offset, epochs: [EpochStart]) {
        self.segment = segment
        self.limit = limit
        self.end = end
        self.epochs = epochs
        next = segment.base
        walk = SegmentWalk(segment, limit: limit, chunkBytes: 1 << 20)
    }

    /// Verifies the whole segment.
    /// - Throws: `corrupt` with the place of the first bad batch, `io`.
    mutating func run() throws(StorageError) {
        while try step(bytesMax: .max) == false {}
    }

    /// Verifies the next batches, about so many bytes of them, at least one.
    /// - Returns: whether all were verified.
    mutating func step(bytesMax: Int) throws(StorageError) -> Bool {
        var taken = 0
        while taken < bytesMax {
            guard let place = try walk.next() else {
                guard next == end || (segment.isSparse && next <= end) else {
                    throw damaged(limit, "the last batch ends at offset \(next), and the segment at \(end)")
                }
                return true
            }
            try verify(place)
            next = place.last.advanced(by: 1)
            position = place.position.advanced(by: place.size)
            taken += place.size.value
        }
        return false
    }

    private mutating func verify(_ place: SegmentWalk.Place) throws(StorageError) {
        guard let bytes = try walk.bytes(of: place, mayRead: true) else { return }
        let batch: RecordBatch
        do throws(FormatError) {
            batch = try RecordBatch(verifying: bytes)
        } catch {
            throw damaged(place.position, error.description)
        }
        guard let epoch = epochs.last(where: { $0.first <= batch.baseOffset })?.epoch,
            epoch != batch.leaderEpoch
        else { return }
        throw damaged(place.position, "the batch is of epoch \(batch.leaderEpoch), and its offset of \(epoch)")
    }

    private func damaged(_ position: FilePosition, _ reason: String) -> StorageError {
        .corrupt(path: segment.path, position: position, reason: reason)
    }
}
