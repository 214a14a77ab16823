import BrokerCore
import RecordFormat
import SegmentStore

/// What a scenario of a broker is told with: brokers over one volume, a topic, and a group that reads it.
struct BrokerRun {
    let mutation: StoreMutation
    let name: String
    private(set) var flaws: [StoreFlaw] = []
    let clock = ManualClock()

    init(_ mutation: StoreMutation, name: String) {
        self.mutation = mutation
        self.name = name
    }

    mutating func note(_ kind: StoreFlaw.Kind, _ text: String) {
        flaws.append(StoreFlaw(kind, "\(name): \(text)"))
    }

    func topic(_ name: String = "orders") throws -> TopicName { try TopicName(validating: name) }

    func group() throws -> GroupName { try GroupName(validating: "billing") }

    /// Starts a broker on a volume.
    func start(on fileSystem: SimulatedFileSystem) async throws -> InProcessBroker {
        mutation.apply(to: fileSystem)
        return try await InProcessBroker.start(directory: "/data/broker", fileSystem: fileSystem, clock: clock)
    }

    /// Makes a topic of one partition.
    func make(_ topic: TopicName, in broker: Broker) async throws {
        _ = try await broker.createTopic(topic, settings: TopicSettingsChange(partitions: 1))
    }

    func append(_ values: [String], to topic: TopicName, in broker: Broker) async throws {
        let target = TopicPartition(topic, PartitionIndex(0))
        _ = try await broker.append([AppendItem(target: target, batches: [StoreWorkload.batch(values)])])
    }

    /// All values of a topic's partition.
    func values(in topic: TopicName, of broker: Broker) async throws -> [String] {
        var cursor = try await broker.cursor(for: topic, partitions: [PartitionIndex(0)], start: .earliest)
        var values: [String] = []
        while true {
            let result = try await broker.read(cursor, budget: ReadBudget(bytes: .kibibytes(64)))
            for slice in result.slices {
                try slice.forEachRecord { record, bytes in
                    values.append(record.value.map { String(decoding: bytes[$0], as: UTF8.self) } ?? "")
                }
            }
            cursor = result.cursor
            if result.caughtUp { return values }
        }
    }

    func join(_ topics: [TopicName], in broker: Broker) async throws -> any GroupSession {
        try await broker.joinGroup(GroupJoinRequest(group: group(), topics: topics, principal: .anonymous))
    }

    /// Waits until a session owns so many partitions, and was handed records of each; time goes by meanwhile.
    func handed(_ count: Int, _ session: any GroupSession) async -> [AssignedPartition] {
        var assigned: [AssignedPartition] = []
        var read: Set<TopicPartition> = []
        while assigned.count < count || read.count < count {
            switch await session.next(deadline: clock.now) {
            case .assigned(_, let partitions): assigned = partitions
            case .records(let slice, _): read.insert(slice.partition)
            default:
                clock.advance(byMilliseconds: 50)
                await Task.yield()
            }
        }
        return assigned
    }

    /// Commits an offset of every partition that a session owns.
    func commit(_ offset: Offset, _ partitions: [AssignedPartition], _ session: any GroupSession, in broker: Broker)
        async throws
    {
        let items = partitions.map {
            CommitOffsetsRequest.Item(partition: $0.partition, offset: offset, epoch: $0.epoch)
        }
        let results = try await broker.commit(
            CommitOffsetsRequest(group: group(), member: session.member, principal: .anonymous, items: items)
        )
        guard results.allSatisfy({ $0.outcome == .committed }) else { throw Uncommitted(results: results) }
    }

    /// A commit was not taken.
    struct Uncommitted: Error {
        let results: [CommitItemResult]
    }

    /// What the group has committed of a topic; nil where it knows nothing of it.
    func committed(_ topic: TopicName, in broker: Broker) throws -> Offset? {
        try broker.group(group()).partitions.first { $0.partition.topic == topic }?.committed
    }

    /// How many members the group has; 0 where there is no such group.
    func memberCount(in broker: Broker) -> Int {
        guard let name = try? group() else { return 0 }
        return (try? broker.group(name).members.count) ?? 0
    }
}
