import BrokerCore

/// What became of an item, for somebody who watches.
struct ItemEvent: Sendable {
    /// The kind of an event.
    enum Kind: String, CaseIterable, Sendable {
        /// The item is new to the watcher.
        case added = "ADDED"
        /// It has another value.
        case modified = "MODIFIED"
        /// It is gone, or is none any more that the watcher wants.
        case deleted = "DELETED"

        /// The names of all.
        static let names = allCases.map(\.rawValue)
    }

    /// The kind.
    let kind: Kind
    /// The item; of one that is gone the last version that the watcher wanted.
    let item: CollectionItem
    /// The version of the collection's partition behind the event.
    let version: String
    /// The version before; nil where there was none, or it was not asked for.
    var previous: CollectionItem?

    /// An event of these parts.
    init(_ kind: Kind, _ item: CollectionItem, version: String, previous: CollectionItem? = nil) {
        self.kind = kind
        self.item = item
        self.version = version
        self.previous = previous
    }

    /// What a change is to somebody who wants some items; nil where it is nothing.
    ///
    /// An item that begins to be wanted is added, one that is wanted no more is deleted: both need the version before.
    init?(_ change: CollectionChange, _ selector: ItemSelector?, version: String) {
        let item = change.item
        var previous: CollectionItem?
        if case .item(let before) = change.previous { previous = before }
        let (wasWanted, isWanted): (Bool, Bool)
        if let selector {
            wasWanted = previous.map(selector.matches) ?? false
            isWanted = selector.matches(item)
        } else {
            wasWanted = change.previous.isThere
            isWanted = item.record.value != nil
        }
        switch (wasWanted, isWanted) {
        case (false, false): return nil
        case (false, true): self.init(.added, item, version: version, previous: previous)
        case (true, true): self.init(.modified, item, version: version, previous: previous)
        case (true, false):
            // Deletions bring the version before along, and so does whoever has a selector.
            guard let previous else { return nil }
            self.init(.deleted, previous, version: version, previous: previous)
        }
    }
}
