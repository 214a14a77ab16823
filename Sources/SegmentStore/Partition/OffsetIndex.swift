import NIOCore
import RecordFormat

/// One entry of an offset index: the last offset of a batch, and where the batch begins.
///
/// Kafka's layout on disk: the offset relative to the segment's base, u32, and the position, u32.
struct OffsetIndexEntry: Hashable, Sendable {
    let relativeLastOffset: UInt32
    let position: UInt32

    static let encodedBytes = 8
}

/// A sparse index over a segment: one entry for every 4 KiB appended.
///
/// It is never evidence about the log: the batch that it leads to must be the one that it names, or the index is
/// dropped and built again.
struct OffsetIndex: Sendable {
    private(set) var entries: [OffsetIndexEntry] = []
    /// Where the last entry's batch begins; 0 before the first.
    private var lastIndexed = 0

    /// Bytes of log between two entries.
    static let interval = 4096

    /// Notes a batch that was appended at a position; most calls leave no entry.
    mutating func note(lastOffset: Offset, base: Offset, position: FilePosition) {
        let place = Int(position.value)
        let relative = lastOffset - base
        guard place - lastIndexed >= Self.interval, let position = UInt32(exactly: place),
            let relative = UInt32(exactly: relative)
        else { return }
        entries.append(OffsetIndexEntry(relativeLastOffset: relative, position: position))
        lastIndexed = place
    }

    /// The last entry whose batch ends before `offset`: a scan forward from there meets the offset within one interval.
    /// - Returns: nil when the scan must begin at the segment's start.
    func entry(for offset: Offset, base: Offset) -> OffsetIndexEntry? {
        let relative = offset - base
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if Int64(entries[middle].relativeLastOffset) < relative { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(entries.count * OffsetIndexEntry.encodedBytes)
        for entry in entries { buffer.writeMultipleIntegers(entry.relativeLastOffset, entry.position) }
        return buffer
    }

    init() {}

    /// Reads an index file; nil when it cannot be one of a log of that size.
    init?(decoding file: ByteBuffer, logSize: FilePosition) {
        var buffer = file
        while let (offset, position) = buffer.readMultipleIntegers(as: (UInt32, UInt32).self) {
            if let last = entries.last {
                guard offset > last.relativeLastOffset, position > last.position else { return nil }
            }
            guard UInt64(position) < logSize.value else { return nil }
            entries.append(OffsetIndexEntry(relativeLastOffset: offset, position: position))
            lastIndexed = Int(position)
        }
        guard buffer.readableBytes == 0 else { return nil }
    }
}
