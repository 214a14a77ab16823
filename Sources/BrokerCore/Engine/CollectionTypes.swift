public import RecordFormat

/// An item of a collection: the latest record of a key, or an earlier one that is still kept.
public struct CollectionItem: Hashable, Sendable {
    /// Where it stands.
    public let partition: TopicPartition
    /// The record; a tombstone where a change deletes its key.
    public let record: DecodedRecord
    /// Whether the value was checked to be JSON on one line when it was produced.
    public let isJSON: Bool
    /// When the key came into being, as far as the index knows.
    public let created: Timestamp

    /// Creates an item.
    public init(partition: TopicPartition, record: DecodedRecord, isJSON: Bool, created: Timestamp) {
        self.partition = partition
        self.record = record
        self.isJSON = isJSON
        self.created = created
    }
}

/// One change of a collection.
public struct CollectionChange: Sendable {
    /// What came before.
    public enum Previous: Sendable {
        /// Nothing: the key is new, or was deleted.
        case nothing
        /// A version at this offset, whose record was not asked for.
        case at(Offset)
        /// This version.
        case item(CollectionItem)

        /// Whether the key had a value.
        public var isThere: Bool {
            if case .nothing = self { false } else { true }
        }
    }

    /// The new version; a tombstone when the key was deleted.
    public let item: CollectionItem
    /// The version before.
    public let previous: Previous

    /// Creates a change.
    public init(item: CollectionItem, previous: Previous) {
        self.item = item
        self.previous = previous
    }
}

/// What one read of a collection's changes found.
public struct CollectionChanges: Sendable {
    /// The changes, those of one partition in the order of their offsets.
    public let changes: [CollectionChange]
    /// Where to go on: never within a batch.
    public let cursor: Cursor
    /// Whether everything visible was read.
    public let caughtUp: Bool
}

/// Which versions before the changes a read is to bring along.
public enum PreviousWanted: Hashable, Sendable {
    /// Those of deleted keys alone.
    case ofDeletions
    /// All of them.
    case all
}

/// A page of a collection as it was at one moment.
public struct CollectionPage: Sendable {
    /// The number of its list, which is open until its time is over or it is closed.
    public let list: UInt64
    /// The items, in the order of their last change, partition by partition.
    public let items: [CollectionItem]
    /// The moment: a watch goes on from here.
    public let version: Cursor
    /// Where the next page begins; nil at the end.
    public let next: CollectionPlace?
    /// How many items there are in all now, for a client's progress.
    public let count: Int
}

/// A place in a list that is read page by page.
public struct CollectionPlace: Hashable, Sendable {
    /// The number of the list; it means something to this process alone.
    public let list: UInt64
    /// The index of the partition.
    public let partition: Int
    /// The first offset of the next page.
    public let offset: Offset

    /// Creates a place.
    public init(list: UInt64, partition: Int, offset: Offset) {
        self.list = list
        self.partition = partition
        self.offset = offset
    }
}

/// What is to become of an item, decided by whoever has seen its latest version.
public enum ItemDecision: Sendable {
    /// Leave it as it is.
    case leave
    /// Append this record, which has the item's key.
    case append(DecodedRecord, isJSON: Bool)
}

/// What became of it.
public struct ItemUpdate: Sendable {
    /// The version that the decision was made on; nil when there was none.
    public let before: CollectionItem?
    /// The new version; nil when it was left as it is.
    public let after: CollectionItem?
}
