import BrokerCore
import NIOCore
import RecordFormat
import SegmentStore

/// What readers of collections may rest on.
extension BrokerRun {
    /// Whoever lists a collection and then follows its changes has its state, or is told that he has missed something:
    /// whatever compaction has taken meanwhile, tombstones included.
    mutating func followedCollection() async throws {
        let fileSystem = SimulatedFileSystem()
        let prices = try topic("prices")
        var state: [String: String] = [:]
        var followers: [CollectionFollower] = []
        for round in 0..<7 {
            let process = try await startCollections(on: fileSystem)
            if round == 0 { try await makeCollection(prices, in: process.broker) }
            for index in followers.indices where followers[index].isBack(in: round) {
                try await followers[index].follow(in: process.broker)
                if followers[index].items != state {
                    note(
                        .missedChange,
                        "who listed in round \(followers[index].since) lacks the state of round \(round)"
                    )
                }
                if let wrong = followers[index].contradiction { note(.missedChange, wrong) }
            }
            for (key, value) in Self.changes(of: round) {
                state[key] = value
                try await put(key, value, to: prices, in: process.broker)
            }
            for rest in 1...3 {
                followers.append(try await CollectionFollower(prices, since: round, rest: rest, in: process.broker))
            }
            await process.stop()
            try compact(prices, on: fileSystem)
        }
    }

    /// Keys of a round that are changed at once; in the next they are deleted, and others come that stay as they are; in the
    /// third nothing but more of these.
    ///
    /// Of the deleted ones nothing is left then, and no later change tells of them.
    private static func changes(of round: Int) -> [(key: String, value: String?)] {
        let lasting = (0..<24).map { (key: "lasting \(round).\($0)", value: Optional("there")) }
        let fleeting = (0..<12).map { "fleeting \(round / 3).\($0)" }
        switch round % 3 {
        case 0: return fleeting.map { ($0, "first") } + fleeting.map { ($0, "second") }
        case 1: return fleeting.map { ($0, nil) } + lasting
        default: return lasting
        }
    }

    private func startCollections(on fileSystem: SimulatedFileSystem) async throws -> InProcessBroker {
        mutation.apply(to: fileSystem)
        return try await InProcessBroker.start(directory: Self.directory, fileSystem: fileSystem, clock: clock) {
            $0.store.segmentBytesMax = ByteCount(1000)
            // Compaction comes between two lives, in one go.
            $0.compaction.policy.lagMilliseconds = .max / 2
        }
    }

    private static let directory = "/data/broker"

    private func makeCollection(_ topic: TopicName, in broker: Broker) async throws {
        var settings = TopicSettingsChange(partitions: 1)
        settings.cleanup = .value(.compact)
        _ = try await broker.createTopic(topic, settings: settings)
    }

    private func put(_ key: String, _ value: String?, to topic: TopicName, in broker: Broker) async throws {
        var builder = RecordBatchBuilder()
        builder.append(
            DecodedRecord(
                timestamp: Timestamp(millisecondsSinceEpoch: 1),
                key: ByteBuffer(string: key),
                value: value.map { ByteBuffer(string: $0) }
            )
        )
        let target = TopicPartition(topic, PartitionIndex(0))
        _ = try await broker.append([AppendItem(target: target, batches: [builder.finish()])])
    }

    /// Compacts what it can; tombstones go with the second compaction that meets them.
    private func compact(_ topic: TopicName, on fileSystem: SimulatedFileSystem) throws {
        var configuration = BrokerConfiguration(directory: Self.directory)
        configuration.useSmallFiles()
        var policy = CompactionPolicy()
        policy.lagMilliseconds = 0
        policy.dirtyPercentMin = 0
        policy.tombstoneMilliseconds = 0
        clock.advance(byMilliseconds: 1000)
        let now = Timestamp(millisecondsSinceEpoch: clock.nowMilliseconds)
        let store = try LogStore.open(
            configuration.store,
            fileSystem: fileSystem,
            wallTime: { now },
            randomBytes: { count in [UInt8](repeating: 1, count: count) },
            report: { _ in }
        )
        if let id = store.topics().first(where: { $0.name == topic })?.id {
            let key = PartitionKey(topic: id, partition: PartitionIndex(0))
            _ = try store.compact(key, policy: policy, now: now)
        }
        try store.close()
    }
}

/// A client that has listed a collection and follows its changes; it lists again when it is told to.
private struct CollectionFollower {
    private let topic: TopicName
    /// The round of its first list.
    let since: Int
    /// It looks every so many rounds.
    private let rest: Int
    private(set) var items: [String: String] = [:]
    /// Something that it was told and that cannot be.
    private(set) var contradiction: String?
    private var cursor: Cursor

    init(_ topic: TopicName, since round: Int, rest: Int, in broker: Broker) async throws {
        self.topic = topic
        since = round
        self.rest = rest
        cursor = Cursor(positions: [], isWhole: true)
        try await list(in: broker)
    }

    func isBack(in round: Int) -> Bool { (round - since) % rest == 0 }

    mutating func follow(in broker: Broker) async throws {
        let budget = ReadBudget(bytes: ByteCount(300))
        do {
            while true {
                let found = try await broker.changes(cursor, budget: budget, previous: .all)
                for change in found.changes { apply(change) }
                cursor = found.cursor
                if found.caughtUp { return }
            }
        } catch BrokerError.versionExpired {
            try await list(in: broker)
        }
    }

    private mutating func list(in broker: Broker) async throws {
        items = [:]
        var place: CollectionPlace?
        repeat {
            let page = try await broker.listItems(of: topic, from: place, limit: 5, bytesMax: .mebibytes(1))
            for item in page.items { items[item.key] = item.record.value.map { String(buffer: $0) } }
            place = page.next
            cursor = page.version
        } while place != nil
    }

    private mutating func apply(_ change: CollectionChange) {
        let key = change.item.key
        var before: String?
        if case .item(let item) = change.previous { before = item.record.value.map { String(buffer: $0) } }
        if items[key] != before {
            contradiction = "\(key) was \(items[key] ?? "not there"), and is said to have been \(before ?? "not there")"
        }
        items[key] = change.item.record.value.map { String(buffer: $0) }
    }
}

extension CollectionItem {
    fileprivate var key: String { record.key.map { String(buffer: $0) } ?? "" }
}
