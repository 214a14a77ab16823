import NIOCore
import RecordFormat

/// One entry of a time index: the largest timestamp so far, and the last offset of the batch that brought it.
///
/// Kafka's layout on disk: the timestamp, i64, and the offset relative to the segment's base, u32.
struct TimeIndexEntry: Hashable, Sendable {
    let timestamp: Int64
    let relativeOffset: UInt32

    static let encodedBytes = 12
}

/// A sparse index over a segment by time: one entry for every 4 KiB appended, where the largest timestamp has grown.
///
/// Records come in any order of their timestamps. An entry says of all records up to its offset that none is later than
/// its timestamp, so that a search for a later time may begin behind it. Timestamps and offsets of entries only grow.
///
/// It is never evidence about the log: the batch that it names must be there, with that timestamp, or the index is dropped
/// and built again.
struct TimeIndex: Sendable {
    private(set) var entries: [TimeIndexEntry] = []
    /// The largest timestamp, with its batch; what a sealed index ends with.
    private var largest: TimeIndexEntry?
    /// Where the next batch begins: one that is missed would make later entries wrong.
    private var end = FilePosition.zero
    private var lastIndexed = 0

    init() {}

    /// Notes the next batch; most leave no entry.
    ///
    /// - Returns: false when a batch was missed: the index is wrong from there on.
    mutating func note(_ place: SegmentWalk.Place, base: Offset) -> Bool {
        guard place.position == end else { return false }
        end = place.position.advanced(by: place.size)
        let time = place.maxTimestamp.millisecondsSinceEpoch
        if time > largest?.timestamp ?? .min, let relative = UInt32(exactly: place.last - base) {
            largest = TimeIndexEntry(timestamp: time, relativeOffset: relative)
        }
        guard Int(end.value) - lastIndexed >= OffsetIndex.interval else { return true }
        lastIndexed = Int(end.value)
        if let largest, largest != entries.last { entries.append(largest) }
        return true
    }

    /// The last entry whose timestamp lies before `time`: nothing up to its offset is as late.
    /// - Returns: nil when the search must begin at the segment's start.
    func entry(before time: Timestamp) -> TimeIndexEntry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].timestamp < time.millisecondsSinceEpoch { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    /// The file of a segment that takes no more records: it ends with the largest timestamp of all.
    func encodedAsSealed() -> ByteBuffer {
        var buffer = ByteBuffer()
        let last = largest == entries.last ? nil : largest
        for entry in entries + (last.map { [$0] } ?? []) {
            buffer.writeMultipleIntegers(entry.timestamp, entry.relativeOffset)
        }
        return buffer
    }

    /// Reads an index file; nil when it cannot be one.
    init?(decoding file: ByteBuffer) {
        var buffer = file
        while let (timestamp, offset) = buffer.readMultipleIntegers(as: (Int64, UInt32).self) {
            if let last = entries.last {
                guard timestamp > last.timestamp, offset > last.relativeOffset else { return nil }
            }
            entries.append(TimeIndexEntry(timestamp: timestamp, relativeOffset: offset))
        }
        guard buffer.readableBytes == 0 else { return nil }
    }
}
