import NIOCore
import RecordFormat
import SystemPackage

/// The time index of a segment: in memory while it is active, in a file once it is sealed, built from the log at need.
extension Segment {
    var timeIndexPath: FilePath { directory.appending(SegmentName.timeIndex(base)) }

    /// Notes a batch that became visible.
    ///
    /// An index that was not loaded yet is left alone, and one that has missed a batch is dropped: it is built at need.
    func noteTime(_ place: SegmentWalk.Place) {
        times.withLock { times in
            if times?.note(place, base: base) == false { times = nil }
        }
    }

    /// Where a search for a time may begin: behind the entry's batch.
    func timeEntry(
        before time: Timestamp,
        limit: FilePosition,
        isSealed: Bool
    ) throws(StorageError) -> TimeIndexEntry? {
        try times.withLock { times throws(StorageError) in
            if times == nil, isSealed { times = storedTimes() }
            if times == nil { times = try scannedTimes(limit: limit) }
            return times?.entry(before: time)
        }
    }

    /// The whole index as its file holds it, for the flusher to write when the segment is sealed.
    func encodedTimes(limit: FilePosition) throws(StorageError) -> ByteBuffer {
        try times.withLock { times throws(StorageError) in
            if times == nil { times = try scannedTimes(limit: limit) }
            return times?.encodedAsSealed() ?? ByteBuffer()
        }
    }

    /// Builds an index that led astray again, from the log, and takes its file away if that can be done.
    func rebuildTimes(limit: FilePosition) throws(StorageError) {
        try? fileSystem.unlink(timeIndexPath)
        try times.withLock { times throws(StorageError) in times = try scannedTimes(limit: limit) }
    }

    private func storedTimes() -> TimeIndex? {
        // An index that is missing or cannot be read is built again; it is no evidence about the log.
        guard let content = try? fileSystem.readWhole(timeIndexPath) else { return nil }
        return TimeIndex(decoding: content)
    }

    private func scannedTimes(limit: FilePosition) throws(StorageError) -> TimeIndex {
        var built = TimeIndex()
        var walk = SegmentWalk(self, limit: limit, chunkBytes: 64 * 1024)
        while let place = try walk.next() { _ = built.note(place, base: base) }
        return built
    }
}
