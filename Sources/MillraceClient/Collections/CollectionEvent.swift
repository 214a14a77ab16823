/// What a watch of a collection brings.
public enum CollectionEvent: Sendable {
    /// The state begins: what was known of the collection is to be forgotten, and every item comes as added.
    ///
    /// The first event, and again where the version at which the watch would go on is no longer kept, or the state was
    /// interrupted; then with the reason.
    case listing(MillraceError?)
    /// The state is complete, as of this version; from here on come changes.
    case listed(version: String)
    /// A connection was made that goes on where the last one ended.
    case connected
    /// An item has come, has changed, or has gone.
    case change(ItemChange)
    /// Everything up to this version was told.
    case bookmark(version: String)
    /// The connection is gone; it is tried again after the delay.
    case disconnected(MillraceError, retryAfter: Duration)
    /// The broker ends the stream, and says whether to come back.
    case goodbye(Goodbye)
    /// An event that this client does not know.
    case other(String)
}

/// A change of an item.
public struct ItemChange: Sendable, Hashable {
    /// The kinds of changes; an item that enters a selector is added, one that leaves it is deleted.
    public enum Kind: String, Sendable {
        /// It is new.
        case added = "ADDED"
        /// It has another value.
        case modified = "MODIFIED"
        /// It is gone.
        case deleted = "DELETED"
    }

    /// What happened.
    public let kind: Kind
    /// The item; of one that has gone what it was last.
    public let item: CollectionItem
    /// The whole event as received, one JSON object.
    public let json: String
}
