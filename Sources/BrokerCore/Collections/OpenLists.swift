import RecordFormat

/// The lists that are being read page by page, each with the items that have changed since it was opened.
struct OpenLists: Sendable {
    /// Names a list.
    struct ID: Hashable, Sendable {
        /// A number that no other list has, in this process or in an earlier one.
        let number: UInt64

        /// A new list's.
        static func random() -> ID { ID(number: .random(in: .min ... .max)) }
    }

    /// One list.
    struct List: Sendable {
        /// The version of the state that it shows.
        let version: Offset
        /// When it is over.
        let deadline: MonotonicInstant
        /// What belongs to it and to the state no more.
        var heldBack = OffsetSet()
    }

    /// The most lists of one partition; a further one ends the oldest (1000).
    static let countMax = 1000

    private var lists: [ID: List] = [:]

    /// How many are open.
    var count: Int { lists.count }

    /// A list, unless it has expired.
    subscript(id: ID) -> List? { lists[id] }

    /// Opens a list of a version.
    mutating func open(_ id: ID, at version: Offset, until deadline: MonotonicInstant) {
        if lists.count >= Self.countMax, let oldest = lists.min(by: { $0.value.deadline < $1.value.deadline }) {
            lists[oldest.key] = nil
        }
        lists[id] = List(version: version, deadline: deadline)
    }

    /// Keeps an item for the lists that show it, now that a later record has taken its place.
    ///
    /// When all together would have to keep more than `max`, the one that keeps the most expires: its reader has to begin
    /// again.
    mutating func holdBack(_ item: Offset, max: Int) {
        var count = 0
        // By place, so that the sets are changed where they are and not copied.
        var place = lists.startIndex
        while place != lists.endIndex {
            if item < lists.values[place].version { lists.values[place].heldBack.insert(item) }
            count += lists.values[place].heldBack.count
            lists.formIndex(after: &place)
        }
        while count > max, let largest = lists.max(by: { $0.value.heldBack.count < $1.value.heldBack.count }) {
            count -= largest.value.heldBack.count
            lists[largest.key] = nil
        }
    }

    /// Closes those whose time is over, and one that was read to its end.
    mutating func close(at now: MonotonicInstant, finished: ID?) {
        if let finished { lists[finished] = nil }
        lists = lists.filter { now < $0.value.deadline }
    }

    /// None can be read on.
    mutating func expireAll() {
        lists.removeAll()
    }
}
