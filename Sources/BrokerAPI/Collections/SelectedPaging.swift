import BrokerCore
import RecordFormat

/// Reads of one page of a list whose selector passes over items.
///
/// Each read is larger than the one before, up to a full page: where few items fit, the batches that hold them are not decoded
/// anew for every few of them, and where most do, a page of a few costs little. What is read beyond the page's last item is read again
/// with the next.
struct SelectedPaging: Sendable {
    /// What is taken of one read.
    struct Taken: Sendable {
        /// The items that fit.
        var items: [CollectionItem] = []
        /// Bytes of their records.
        var bytes = 0
        /// Where the list goes on behind the last of them; nil at its end.
        var next: CollectionPlace?
    }

    private static let growth = 4
    private let selector: ItemSelector?
    private let countMax: Int
    private var count = 0

    /// - Parameter countMax: the most items of one read.
    init(_ selector: ItemSelector?, countMax: Int) {
        self.selector = selector
        self.countMax = countMax
    }

    /// How many items to read when so many are wanted: no more where each of them is taken.
    mutating func readCount(wanted: Int) -> Int {
        guard selector != nil, wanted > 0 else { return wanted }
        count = min(max(count * Self.growth, wanted), countMax)
        return count
    }

    /// Takes what fits, up to so many items and about so many bytes, at least one.
    func take(_ page: CollectionPage, limit: Int, bytesMax: Int) -> Taken {
        var taken = Taken()
        for item in page.items where selector?.matches(item) ?? true {
            if let last = taken.items.last, taken.items.count >= limit || taken.bytes >= bytesMax {
                taken.next = Self.place(behind: last, in: page)
                return taken
            }
            taken.items.append(item)
            taken.bytes += item.record.content
        }
        taken.next = page.next
        return taken
    }

    private static func place(behind item: CollectionItem, in page: CollectionPage) -> CollectionPlace {
        CollectionPlace(
            list: page.list,
            partition: Int(item.partition.partition.value),
            offset: item.record.offset.advanced(by: 1)
        )
    }
}
