import NIOCore
public import RecordFormat

/// Which tombstones compactions have removed, as far as a reader must know who remembers keys.
///
/// Who has read a log up to an offset may remember a key that a tombstone behind it deletes. Once compaction has removed that
/// tombstone he never hears of it, and must forget everything and read anew. Not so who began to read after the first switch of
/// that compaction: below `compactedTo` no key has two records, and only there compaction removes tombstones, so what they
/// had deleted was gone before he began.
///
/// So two numbers tell all about a removal: the compaction's, and the offset below which the tombstones stood. Of those a few are
/// kept, so that a removal below an already higher offset is not taken for one of later tombstones: of rows with rising numbers
/// only those with falling offsets say something that the later ones do not say.
public struct RemovedTombstones: Hashable, Sendable {
    struct Row: Hashable {
        /// The number of the compaction.
        var generation: UInt64
        /// The tombstones stood below.
        let below: Offset
    }

    /// More rows are drawn together, which may cost a reading (8).
    static let rowsMax = 8

    /// The numbers rise, the offsets fall.
    private(set) var rows: [Row] = []

    init() {}

    /// Notes that a compaction has removed tombstones, the last of them right below an offset.
    mutating func note(below offset: Offset, by generation: UInt64) {
        guard !mayBeMissed(beyond: offset.advanced(by: -1), since: generation) else { return }
        rows.removeAll { $0.below <= offset }
        rows.append(Row(generation: generation, below: offset))
        guard rows.count > Self.rowsMax else { return }
        rows[0].generation = rows[1].generation
        rows.remove(at: 1)
    }

    /// Whether somebody who has read up to `version`, and began when `generation` was the next compaction's number, may remember
    /// a key whose tombstone is gone.
    public func mayBeMissed(beyond version: Offset, since generation: UInt64) -> Bool {
        rows.contains { version < $0.below && generation <= $0.generation }
    }

    // MARK: Bytes

    /// A number of rows, then for each: generation 8, offset 8.
    func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(rows.count))
        for row in rows { buffer.writeMultipleIntegers(row.generation, row.below.value) }
    }

    /// - Returns: nil when it is damaged.
    init?(decoding buffer: inout ByteBuffer) {
        guard let count = buffer.readInteger(as: UInt32.self), count <= Self.rowsMax else { return nil }
        for _ in 0..<count {
            guard let (generation, below) = buffer.readMultipleIntegers(as: (UInt64, Int64).self), below >= 0 else {
                return nil
            }
            rows.append(Row(generation: generation, below: Offset(below)))
        }
    }
}
