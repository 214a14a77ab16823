import DequeModule
import RecordFormat

/// The lists that are being read page by page, and the items that belong to one of them and to the newest state no more.
///
/// Such an item is kept once, however many lists there are: with the record that took its place a list knows by its version
/// whether the item is its own. So a record costs the same with one list and with thousands.
struct OpenLists: Sendable {
    /// Names a list.
    struct ID: Hashable, Sendable {
        /// A number that no other list has, in this process or in an earlier one.
        let number: UInt64

        /// A new list's.
        static func random() -> ID { ID(number: .random(in: .min ... .max)) }
    }

    private struct List {
        /// The version of the state that it shows.
        let version: Offset
        /// When it is over.
        let deadline: MonotonicInstant
        /// Which of all uses of lists was its last.
        var lastUse: Int
    }

    /// The most lists of one partition; a further one ends the one that nobody has read for longest (10,000).
    static let countMax = 10_000

    private var lists: [ID: List] = [:]
    /// Items that a later record has replaced or deleted.
    private var superseded = OffsetSet()
    /// Those records.
    private var successors: [Offset: Offset] = [:]
    /// The same items in the order of those records.
    private var order: Deque<Offset> = []
    private var useCount = 0
    /// The lowest version of a list, and one that none is above; nil while there is none.
    private var versions: ClosedRange<Offset>?
    /// When the first of them is over, or earlier.
    private var nextDeadline: MonotonicInstant?

    /// How many are open.
    var count: Int { lists.count }
    /// How many items are kept for them.
    var heldBackCount: Int { superseded.count }

    /// The version of the state that a list shows, unless it has expired.
    func version(of id: ID) -> Offset? { lists[id]?.version }

    /// Opens a list of a version.
    mutating func open(_ id: ID, at version: Offset, until deadline: MonotonicInstant) {
        if lists.count >= Self.countMax, let idle = lists.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            remove(idle.key)
        }
        useCount += 1
        lists[id] = List(version: version, deadline: deadline, lastUse: useCount)
        versions = versions.map { min($0.lowerBound, version)...max($0.upperBound, version) } ?? version...version
        nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline
    }

    /// Notes that a list is being read.
    mutating func use(_ id: ID) {
        useCount += 1
        lists[id]?.lastUse = useCount
    }

    /// Keeps an item for the lists that show it, now that a record has taken its place.
    ///
    /// When more than `max` would have to be kept the oldest lists expire: their readers have to begin again.
    mutating func holdBack(_ item: Offset, for record: Offset, max: Int) {
        guard let newest = versions?.upperBound, item < newest else { return }
        superseded.insert(item)
        successors[item] = record
        order.append(item)
        while superseded.count > max, let oldest = versions?.lowerBound {
            lists = lists.filter { $0.value.version > oldest }
            forget()
        }
    }

    /// The first item at or behind an offset that a list shows and the newest state does not.
    func nextItem(of id: ID, from start: Offset) -> Offset? {
        guard let version = lists[id]?.version else { return nil }
        var from = start
        while let item = superseded.next(from: from), item < version {
            // Replaced by a record of the list's own state: it was gone before.
            if let successor = successors[item], successor >= version { return item }
            from = item.advanced(by: 1)
        }
        return nil
    }

    /// Closes those whose time is over, and one that nobody reads on.
    mutating func close(at now: MonotonicInstant, finished: ID?) {
        if let finished { remove(finished) }
        guard let nextDeadline, nextDeadline <= now else { return }
        lists = lists.filter { now < $0.value.deadline }
        forget()
    }

    /// None can be read on.
    mutating func expireAll() {
        lists.removeAll()
        forget()
    }

    /// Removes one list, and looks at the others only if it was one of the oldest.
    private mutating func remove(_ id: ID) {
        guard let list = lists.removeValue(forKey: id), list.version == versions?.lowerBound else { return }
        forget()
    }

    /// Lets go of what no list shows any more.
    private mutating func forget() {
        let all = lists.values.map(\.version)
        guard let lowest = all.min(), let highest = all.max() else {
            let count = useCount
            self = OpenLists()
            useCount = count
            return
        }
        versions = lowest...highest
        nextDeadline = lists.values.map(\.deadline).min()
        while let item = order.first, let successor = successors[item], successor < lowest {
            order.removeFirst()
            successors[item] = nil
            superseded.remove(item)
        }
    }
}
