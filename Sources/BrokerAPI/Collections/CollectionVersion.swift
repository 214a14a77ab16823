import BrokerCore
import RecordFormat

/// Versions of a collection as text: opaque to clients, and larger the later.
///
///     1763719200000912       one partition: the collection's base and the next offset
///     1763719200000912.7.30  several: the first has the base
///     2-1763719200000031     an item's, where there are several: its partition's alone
///
/// The base is the time at which the topic was made, in microseconds, so that no version of an earlier topic of the same
/// name is one of this.
struct CollectionVersion {
    /// The first version that the collection can have.
    let base: Int64
    /// How many partitions it has.
    let partitionCount: Int

    /// The versions of a topic.
    init(_ topic: TopicDescription) {
        base = topic.versionBase
        partitionCount = topic.partitions.count
    }

    /// The version of the whole collection that a cursor stands at.
    func text(_ cursor: Cursor) -> String {
        let offsets = cursor.positions.map(\.next.value)
        return ([base + (offsets.first ?? 0)] + offsets.dropFirst()).map(String.init).joined(separator: ".")
    }

    /// The version of an item: that of its partition right behind its record.
    func text(of item: CollectionItem) -> String {
        text(of: item.record.offset, in: item.partition.partition)
    }

    /// The version of an item's record alone, such as that of its deletion.
    func text(of offset: Offset, in partition: PartitionIndex) -> String {
        let number = base + offset.value + 1
        return partitionCount == 1 ? String(number) : "\(partition)-\(number)"
    }

    /// What a text is that names a version of the whole collection.
    enum Reading: Hashable {
        /// A version of this collection, or one that it does not have yet.
        case offsets([Offset])
        /// One of an earlier collection of the same name.
        case earlier
        /// None.
        case garbage
    }

    /// Reads a version of the whole collection.
    func read(_ text: String) -> Reading {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(Self.number)
        let numbers = parts.compactMap { $0 }
        guard numbers.count == parts.count else { return .garbage }
        // Whatever the number of its partitions was.
        if numbers[0] < base { return .earlier }
        guard numbers.count == partitionCount else { return .garbage }
        return .offsets(([numbers[0] - base] + numbers.dropFirst()).map { Offset($0) })
    }

    /// The offsets of a version of the whole collection; nil for a text that is none of this collection's.
    func offsets(_ text: String) -> [Offset]? {
        if case .offsets(let offsets) = read(text) { offsets } else { nil }
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }
}
