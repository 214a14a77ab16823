import NIOCore
import RecordFormat
import SegmentStore

/// What a client of a store knows: what was acknowledged, and what was under way when the store died.
public struct StoreHistory: Sendable {
    /// Values for one partition.
    public struct Append: Hashable, Sendable {
        /// The partition.
        public let key: PartitionKey
        /// The records' values, in order.
        public let values: [String]

        /// Creates an append.
        public init(key: PartitionKey, values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// Topics whose creation was acknowledged and whose deletion was not.
    public internal(set) var topics: [TopicID: StoredTopic] = [:]
    /// Topics whose deletion was acknowledged.
    public internal(set) var deleted: Set<TopicID> = []
    /// Acknowledged values, by partition, in the order of their offsets.
    public internal(set) var acknowledged: [PartitionKey: [String]] = [:]
    /// The round under way, its requests in order.
    public internal(set) var committing: [[Append]] = []
    /// The topic being created.
    public internal(set) var creating: StoredTopic?
    /// The topic being deleted.
    public internal(set) var deleting: TopicID?
    /// Why it ended early.
    public internal(set) var failure: StorageError?

    /// A history of nothing.
    public init() {}

    /// How many records were acknowledged, in topics that still exist.
    public var acknowledgedCount: Int { acknowledged.values.reduce(0) { $0 + $1.count } }

    func someTopic(_ random: inout SplitMix64) -> TopicID? {
        let ids = topics.keys.sorted { $0.hex < $1.hex }
        return ids.isEmpty ? nil : ids[random.below(ids.count)]
    }

    mutating func acknowledge(_ appends: [Append]) {
        for append in appends { acknowledged[append.key, default: []].append(contentsOf: append.values) }
    }

    mutating func forget(_ id: TopicID) {
        topics[id] = nil
        deleted.insert(id)
        for key in acknowledged.keys where key.topic == id { acknowledged[key] = nil }
    }

    /// Forgets what was under way, once `settle` has said how it ended.
    mutating func adoptOutcomes() {
        committing = []
        creating = nil
        deleting = nil
        failure = nil
    }

    /// Compares a recovered store with the history, and takes over how what was under way ended.
    /// - Returns: what is wrong; empty when nothing is.
    public mutating func settle(with store: LogStore) -> [String] {
        var wrongs: [String] = []
        settleTopics(Set(store.topics().map(\.id)), &wrongs)
        var extras: [PartitionKey: [String]] = [:]
        for topic in topics.values {
            for index in 0..<topic.partitionCount {
                let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
                let expected = acknowledged[key] ?? []
                switch Self.values(of: key, in: store) {
                case .failure(let error):
                    wrongs.append("\(key): \(error)")
                case .success(let found):
                    if Array(found.prefix(expected.count)) != expected {
                        wrongs.append("\(key): acknowledged \(expected), found \(found)")
                    }
                    extras[key] = Array(found.dropFirst(expected.count))
                }
            }
        }
        settleRound(extras.filter { !$0.value.isEmpty }, &wrongs)
        return wrongs
    }

    private mutating func settleTopics(_ found: Set<TopicID>, _ wrongs: inout [String]) {
        if let creating, found.contains(creating.id) { topics[creating.id] = creating }
        if let deleting, !found.contains(deleting) { forget(deleting) }
        for id in topics.keys where !found.contains(id) { wrongs.append("topic \(id.hex) is gone") }
        for id in found where topics[id] == nil { wrongs.append("topic \(id.hex) should not be there") }
    }

    /// A round is one frame: all of it is there, or nothing of it.
    private mutating func settleRound(_ extras: [PartitionKey: [String]], _ wrongs: inout [String]) {
        guard !extras.isEmpty else { return }
        var whole: [PartitionKey: [String]] = [:]
        for append in committing.joined() { whole[append.key, default: []].append(contentsOf: append.values) }
        guard extras == whole else {
            wrongs.append("found \(extras) beyond what was acknowledged; under way was \(whole)")
            return
        }
        for appends in committing { acknowledge(appends) }
    }

    /// All values of a partition, after checking that the offsets have no hole.
    private static func values(of key: PartitionKey, in store: LogStore) -> Result<[String], ReadFailure> {
        guard let log = store.partition(key) else { return .failure(ReadFailure(text: "there is no such partition")) }
        var values: [String] = []
        var next = log.watermarks.logStart.offset
        do {
            while next < log.watermarks.visible.offset {
                let slice = try log.read(from: next, bytesMax: ByteCount(200))
                for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                    guard record.offset.value == Int64(values.count) else {
                        return .failure(ReadFailure(text: "offset \(record.offset) follows \(values.count) records"))
                    }
                    values.append(String(buffer: record.value ?? ByteBuffer()))
                }
                next = slice.next
            }
        } catch {
            return .failure(ReadFailure(text: "\(error)"))
        }
        return .success(values)
    }

    private struct ReadFailure: Error {
        let text: String
    }
}
