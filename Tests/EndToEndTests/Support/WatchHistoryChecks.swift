/// Whether a reader's history keeps the guarantees of a watch, in the words of etcd's documentation.
///
/// A place is a partition and an offset. Connections follow one another, each begins at a cursor.
struct WatchHistoryChecks {
    /// What is promised.
    enum Guarantee: String {
        /// On a connection the offsets of a partition ascend.
        case ordered
        /// No place comes twice on a connection, and none that lies before the cursor with which it began.
        case unique
        /// Nothing between two records of a partition is left out, unless a gap says that it is no longer kept, and
        /// a record is the one that was published; in the end the reader has had everything.
        case reliable
        /// A connection goes on exactly at the cursor with which it began.
        case resumable
        /// A cursor says what has been sent: all of it, and nothing more.
        case bookmarkable
    }

    /// A promise that was broken.
    struct Flaw: CustomStringConvertible {
        let guarantee: Guarantee
        let text: String

        var description: String { "\(guarantee): \(text)" }
    }

    /// What there was to be read.
    struct Truth {
        /// The checksum of each record by its offset, by partition.
        var published: [[Int64: UInt32]]
        /// The first offset of each partition that is kept.
        var starts: [Int64]
        /// Where each partition ends.
        var ends: [Int64]
    }

    /// What was found wrong; empty if all is as promised.
    private(set) var flaws: [Flaw] = []
    private(set) var connections = 0
    private(set) var records = 0
    private(set) var gaps = 0

    private let reader: String
    private let truth: Truth
    /// Where the current connection began.
    private var origin: [Int64] = []
    /// Of each partition, the next offset to come.
    private var next: [Int64] = []
    /// What came on the current connection, by partition.
    private var seen: [Set<Int64>]
    /// The last cursor of all.
    private var place: [Int64]?

    init(_ history: WatchHistory, _ truth: Truth) {
        reader = history.reader
        self.truth = truth
        seen = Array(repeating: [], count: truth.ends.count)
        for step in history.steps { take(step) }
        if place != truth.ends { note(.reliable, "it ended at \(place ?? []), and there was more up to \(truth.ends)") }
    }

    private mutating func take(_ step: WatchHistory.Step) {
        switch step {
        case .opened(let cursor): open(cursor)
        case .record(let partition, let offset, let checksum): record(partition, offset, checksum)
        case .gap(let partition, let from, let to): gap(partition, from, to)
        case .cursor(let cursor): bookmark(cursor)
        case .lost: break
        }
    }

    private mutating func open(_ cursor: [Int64]) {
        connections += 1
        if let place, place != cursor { note(.resumable, "it went on at \(cursor), and not at \(place)") }
        origin = padded(cursor)
        next = origin
        seen = Array(repeating: [], count: truth.ends.count)
    }

    private mutating func record(_ partition: Int, _ offset: Int64, _ checksum: UInt32) {
        records += 1
        let name = "offset \(offset) of partition \(partition)"
        guard next.indices.contains(partition) else { return note(.reliable, "\(name): no such partition") }
        let expected = next[partition]
        if offset < origin[partition] {
            note(.unique, "\(name) came again after the cursor \(origin)")
        } else if seen[partition].contains(offset) {
            note(.unique, "\(name) came twice")
        } else if offset < expected {
            note(.ordered, "\(name) came when \(expected) was next")
        } else if offset > expected {
            let isFirst = seen[partition].isEmpty && expected == origin[partition]
            note(isFirst ? .resumable : .reliable, "\(name) came when \(expected) was next")
        }
        if truth.published[partition][offset] != checksum { note(.reliable, "\(name) is not what was published") }
        seen[partition].insert(offset)
        next[partition] = max(expected, offset + 1)
    }

    private mutating func gap(_ partition: Int, _ from: Int64, _ to: Int64) {
        gaps += 1
        let name = "a gap from \(from) to \(to) of partition \(partition)"
        guard next.indices.contains(partition) else { return note(.reliable, "\(name): no such partition") }
        if from != next[partition] || to <= from { note(.reliable, "\(name) when \(next[partition]) was next") }
        if to > truth.starts[partition] { note(.reliable, "\(name), and all from \(truth.starts[partition]) is kept") }
        next[partition] = to
    }

    private mutating func bookmark(_ cursor: [Int64]) {
        if cursor.count < place?.count ?? 0 { note(.bookmarkable, "\(cursor) has lost a partition of \(place ?? [])") }
        let told = padded(cursor)
        if told != next { note(.bookmarkable, "the cursor \(told) was told when \(next) was next") }
        next = told
        place = cursor
    }

    /// A cursor tells nothing of partitions that were added later: they begin at 0.
    private func padded(_ cursor: [Int64]) -> [Int64] {
        cursor + Array(repeating: 0, count: max(0, truth.ends.count - cursor.count))
    }

    private mutating func note(_ guarantee: Guarantee, _ text: String) {
        flaws.append(Flaw(guarantee: guarantee, text: "\(reader): \(text)"))
    }
}
