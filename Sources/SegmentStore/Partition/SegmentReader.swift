import NIOCore
import RecordFormat

/// Reads whole batches of one segment, forward from an offset.
///
/// Every batch is verified.
struct SegmentReader {
    let segment: Segment
    /// The end of what may be read.
    let limit: FilePosition
    /// The segment's end (exclusive).
    let end: Offset
    let isSealed: Bool

    /// One call to the file reads at most this much of a segment that is being written, so that the writer, who needs
    /// the same inode, waits little; sealed segments are read in larger steps.
    private var callBytesMax: Int { isSealed ? 1 << 20 : 64 * 1024 }

    /// The batches from the one that holds `offset` on: no more than one call to the file brings, and at least one, unless
    /// compaction has left none.
    ///
    /// - Throws: `corrupt` with the place; also when the offset, which was written here, is not found.
    func read(from offset: Offset, bytesMax: ByteCount) throws(StorageError) -> [RecordBatch] {
        var walk = try start(at: offset, chunkBytes: min(callBytesMax, max(bytesMax.value, 1) + OffsetIndex.interval))
        var batches: [RecordBatch] = []
        var taken = 0
        do throws(StorageError) {
            while let place = try walk.next(mayRead: batches.isEmpty) {
                guard place.last >= offset else { continue }
                if taken > 0, taken + place.size.value > bytesMax.value { break }
                guard let bytes = try walk.bytes(of: place, mayRead: batches.isEmpty) else { break }
                batches.append(try verified(bytes, at: place.position))
                taken += place.size.value
            }
        } catch {
            // What stands before the damage is answered; the next read begins at it and says so.
            if batches.isEmpty { throw error }
        }
        guard !batches.isEmpty || segment.isSparse else {
            throw .corrupt(path: segment.path, position: limit, reason: "offset \(offset) is not where it was written")
        }
        return batches
    }

    /// A walk that meets the offset within one interval of the index.
    ///
    /// The index is no evidence: the batch that it leads to must be the one that it names, else it is built again.
    func start(at offset: Offset, chunkBytes: Int) throws(StorageError) -> SegmentWalk {
        let entry = try segment.entry(for: offset, limit: limit, isSealed: isSealed)
        var walk = SegmentWalk(segment, limit: limit, chunkBytes: chunkBytes, from: entry)
        guard let entry else { return walk }
        let named = segment.base.advanced(by: Int(entry.relativeLastOffset))
        // The named batch ends before the offset, so the walk may go on behind it.
        if let place = try? walk.next(), place.last == named { return walk }
        try segment.rebuildIndex(limit: limit)
        let rebuilt = try segment.entry(for: offset, limit: limit, isSealed: isSealed)
        return SegmentWalk(segment, limit: limit, chunkBytes: chunkBytes, from: rebuilt)
    }

    private func verified(_ bytes: ByteBuffer, at place: FilePosition) throws(StorageError) -> RecordBatch {
        do throws(FormatError) {
            return try RecordBatch(verifying: bytes)
        } catch {
            throw .corrupt(path: segment.path, position: place, reason: error.description)
        }
    }
}
