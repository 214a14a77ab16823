import NIOCore
import RecordFormat

extension SegmentReader {
    /// The first offset, from `first` on, of a record that is not earlier than a time; nil when there is none.
    ///
    /// Looked for in the order of offsets, whatever the order of timestamps. Where bytes are damaged the search ends: what is
    /// asked for may lie there, and whoever reads from there is told of the damage.
    func offset(at time: Timestamp, from first: Offset) throws(StorageError) -> Offset? {
        var (walk, reached) = start(at: time)
        do throws(StorageError) {
            while let place = try walk.next() {
                if place.last >= first, place.maxTimestamp >= time {
                    if let found = try offset(at: time, from: first, in: place, &walk) { return found }
                }
                reached = place.last.advanced(by: 1)
            }
            return nil
        } catch {
            guard case .corrupt = error else { throw error }
            return max(first, reached)
        }
    }

    /// A walk that meets the first batch that may be as late as a time, and the offset where it begins to matter.
    ///
    /// The index is no evidence: the batch that it names must be there, with that timestamp, else it is built again. A
    /// segment that is damaged has none, and is walked from its start.
    private func start(at time: Timestamp) -> (walk: SegmentWalk, offset: Offset) {
        let fromStart = (SegmentWalk(segment, limit: limit, chunkBytes: 64 * 1024), segment.base)
        guard let entry = try? segment.timeEntry(before: time, limit: limit, isSealed: isSealed) else {
            return fromStart
        }
        if let found = start(behind: entry) { return found }
        guard (try? segment.rebuildTimes(limit: limit)) != nil,
            let rebuilt = try? segment.timeEntry(before: time, limit: limit, isSealed: isSealed)
        else { return fromStart }
        return start(behind: rebuilt) ?? fromStart
    }

    /// A walk that goes on behind the batch that an entry names; nil when that batch is not there.
    private func start(behind entry: TimeIndexEntry) -> (walk: SegmentWalk, offset: Offset)? {
        let named = segment.base.advanced(by: Int(entry.relativeOffset))
        guard named < end, var walk = try? start(at: named, chunkBytes: 64 * 1024) else { return nil }
        while let place = try? walk.next(), place.last <= named {
            guard place.last == named else { continue }
            let isIt = place.maxTimestamp.millisecondsSinceEpoch == entry.timestamp
            return isIt ? (walk, named.advanced(by: 1)) : nil
        }
        return nil
    }

    private func offset(
        at time: Timestamp,
        from first: Offset,
        in place: SegmentWalk.Place,
        _ walk: inout SegmentWalk
    ) throws(StorageError) -> Offset? {
        guard let bytes = try walk.bytes(of: place, mayRead: true) else { return nil }
        do throws(FormatError) {
            let batch = try RecordBatch(verifying: bytes)
            let records = try batch.decodedRecords()
            return records.first { $0.offset >= first && $0.timestamp >= time }?.offset
        } catch {
            throw .corrupt(path: segment.path, position: place.position, reason: error.description)
        }
    }
}
