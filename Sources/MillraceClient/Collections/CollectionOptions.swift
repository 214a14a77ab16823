/// Which items of a collection are wanted.
public struct CollectionOptions: Sendable, Hashable {
    /// By their labels: `tier=gold,!test`.
    public var labelSelector: String?
    /// By their fields: `metadata.name=AAPL`, `value.state!=paid`.
    public var fieldSelector: String?

    /// Creates options.
    public init(labelSelector: String? = nil, fieldSelector: String? = nil) {
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
    }

    /// The path and query of a list or a watch.
    func target(_ collection: String, _ more: [(name: String, value: String?)]) -> String {
        let selectors: [(name: String, value: String?)] = [
            ("labelSelector", labelSelector), ("fieldSelector", fieldSelector),
        ]
        return ServerAddress.target(["v1", "collections", collection], query: selectors + more)
    }
}

/// What an item must be for a write to be carried out.
public enum ItemCondition: Sendable, Hashable {
    /// It has this version.
    case version(String)
    /// It is there.
    case exists
    /// It is not there.
    case missing

    /// The field that says so.
    var field: (name: String, value: String) {
        switch self {
        case .version(let version): ("If-Match", "\"\(version)\"")
        case .exists: ("If-Match", "*")
        case .missing: ("If-None-Match", "*")
        }
    }
}

/// A collection among others.
public struct CollectionInfo: Sendable, Hashable, Decodable {
    /// The name.
    public let collection: String
    /// How many partitions it has.
    public let partitions: Int
}

/// A page of a list.
public struct ItemPage: Sendable {
    /// The items.
    public let items: [CollectionItem]
    /// The version of the whole list; a watch that begins here misses nothing.
    public let resourceVersion: String
    /// What gives the next page; nil on the last.
    public let next: String?
}
