public import RecordFormat
public import SegmentStore

/// What a client of a store knows: what was acknowledged, what was under way when the store died, and what is certain not
/// to be there.
public struct StoreHistory: Sendable {
    /// Values for one partition.
    public struct Append: Hashable, Sendable {
        /// The partition.
        public let key: PartitionKey
        /// The records' values, in order.
        public let values: [String]
        /// Their timestamp.
        let timestamp: Timestamp
        /// The time when they were sent.
        let appendedAt: Timestamp
    }

    /// Topics whose creation was acknowledged and whose deletion was not.
    public internal(set) var topics: [TopicID: StoredTopic] = [:]
    /// Topics whose deletion was acknowledged.
    public internal(set) var deleted: Set<TopicID> = []
    /// Acknowledged values, by partition, in the order of their offsets.
    public internal(set) var acknowledged: [PartitionKey: [String]] = [:]
    /// How many records of a partition some reader has seen.
    public internal(set) var seen: [PartitionKey: Int] = [:]
    /// Values that were refused, or that a recovered store did not hold: they never come back.
    public internal(set) var cut: Set<String> = []
    /// The round under way, its requests in order.
    public internal(set) var committing: [[Append]] = []
    /// The topic being created.
    public internal(set) var creating: StoredTopic?
    /// The topic being changed, as it is to be.
    public internal(set) var changing: StoredTopic?
    /// The topic being deleted.
    public internal(set) var deleting: TopicID?
    /// The leader epoch of the last run that served anybody.
    public internal(set) var lastRun = LeaderEpoch(0)
    /// Whether that run began to stop in order.
    public internal(set) var isClosing = false
    /// What producers sent under numbers.
    public internal(set) var producers = ProducerHistory()
    /// Where each log begins, and what decides how much of it may go.
    var kept: [PartitionKey: Kept] = [:]
    /// What is letting records go.
    var lettingGo: LettingGo?
    /// The time on the wall clock.
    public internal(set) var now = StoreClock.start
    /// Why it ended early.
    public internal(set) var failure: String?

    /// A history of nothing.
    public init() {}

    /// How many records were acknowledged, in topics that still exist; also those that are no longer kept.
    public var acknowledgedCount: Int { acknowledged.values.reduce(0) { $0 + $1.count } }

    /// Whether a partition's topic should be there.
    func holds(_ key: PartitionKey) -> Bool { topics[key.topic] != nil }

    mutating func acknowledge(_ appends: [Append]) {
        for append in appends {
            acknowledged[append.key, default: []].append(contentsOf: append.values)
            keep(append)
        }
    }

    mutating func refuse(_ appends: [Append]) {
        for append in appends { cut.formUnion(append.values) }
    }

    mutating func forget(_ id: TopicID) {
        topics[id] = nil
        deleted.insert(id)
        for key in acknowledged.keys where key.topic == id { acknowledged[key] = nil }
        for key in seen.keys where key.topic == id { seen[key] = nil }
        for key in kept.keys where key.topic == id { kept[key] = nil }
        producers.forget(id)
    }

    /// Forgets what was under way, once `settle` has said how it ended.
    mutating func adoptOutcomes() {
        committing = []
        creating = nil
        deleting = nil
        lettingGo = nil
        changing = nil
        failure = nil
    }
}

extension StoredTopic {
    /// Whether of each key only the newest record need stay.
    var isCompacted: Bool { settings["cleanup"] == "compact" }

    /// The settings that say so.
    static let compacted = ["cleanup": "compact"]
}
