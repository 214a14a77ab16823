import GroupCoordination
import Logging
import RecordFormat
import SegmentStore

/// What an opened broker is made of.
struct BrokerParts: Sendable {
    let configuration: BrokerConfiguration
    let store: LogStore
    let registry: TopicRegistry
    let queue: AppendQueue
    let coordinators: [GroupCoordinator]
    let clock: any MonotonicClock
    let appendClock: AppendClock
    let readPool: BlockingPool
    let failure: FailureLatch
    let logger: Logger
}

/// The opening of a data directory; blocks.
struct BrokerOpening: Sendable {
    let configuration: BrokerConfiguration
    let fileSystem: any FileSystem
    let clock: any MonotonicClock
    let wallClock: any WallClock
    let logger: Logger

    /// The topic that keeps the groups' records; one partition a coordinator shard.
    static let groupsTopic = TopicName(internal: "__consumer_offsets")

    /// Recovers the store, makes the groups' topic if it is missing, and reads the groups.
    func run() throws(BrokerStartError) -> BrokerParts {
        let failure = FailureLatch()
        let store = try openStore()
        store.onQuarantine { [logger] key, found in
            logger.error("partition \(key) is quarantined, it takes no records: \(found.reason)")
        }
        let topics = try runningTopics(store, failure)
        let registry = TopicRegistry(topics)
        let queue = AppendQueue(
            bytesMax: configuration.limits.appendQueueBytesMax.value,
            reserveBytesMax: configuration.limits.appendReserveBytesMax.value
        )
        let appendClock = AppendClock(wallClock)
        let readPool = BlockingPool(name: "read", threads: configuration.readThreads)
        let logger = logger
        let environment = GroupCoordinator.Environment(
            registry: registry,
            queue: queue,
            clock: clock,
            appendClock: appendClock,
            configuration: configuration.groups,
            pool: readPool,
            report: { logger.error("\($0)") },
            failure: failure
        )
        let coordinators = try openCoordinators(registry, environment)
        return BrokerParts(
            configuration: configuration,
            store: store,
            registry: registry,
            queue: queue,
            coordinators: coordinators,
            clock: clock,
            appendClock: appendClock,
            readPool: readPool,
            failure: failure,
            logger: logger
        )
    }

    private func openStore() throws(BrokerStartError) -> LogStore {
        let wallClock = wallClock
        do {
            return try LogStore.open(
                observedConfiguration,
                fileSystem: fileSystem,
                wallTime: { Timestamp(millisecondsSinceEpoch: wallClock.nowMilliseconds) },
                randomBytes: Self.randomBytes,
                report: { logger.notice("\($0)") }
            )
        } catch {
            throw BrokerStartError(error)
        }
    }

    /// The store's configuration with a log line, for those who debug, at the beginning and the end of what a crash can
    /// fall into; a program that kills brokers waits for these lines.
    private var observedConfiguration: StoreConfiguration {
        guard logger.logLevel <= .debug else { return configuration.store }
        var configuration = configuration.store
        configuration.observer = StoreObserver { [logger] activity, isOver in
            logger.debug("\(isOver ? "ends" : "begins"): \(activity)")
        }
        return configuration
    }

    /// Of each group's, member's and partition's records only the newest is read; small segments keep what is read at a start
    /// small.
    private var groupsSettings: [String: String] {
        var change = TopicSettingsChange()
        change.cleanup = .value(.compact)
        change.segmentBytesMax = .value(min(Self.groupsSegmentBytesMax, configuration.store.segmentBytesMax))
        var settings: [String: String] = [:]
        change.store(into: &settings)
        return settings
    }

    /// A segment of the groups' topic is sealed before it grows past this (16 MiB).
    private static let groupsSegmentBytesMax = ByteCount.mebibytes(16)

    private func runningTopics(_ store: LogStore, _ failure: FailureLatch) throws(BrokerStartError) -> [Topic] {
        if !store.topics().contains(where: { $0.name == Self.groupsTopic }) {
            let stored = StoredTopic(
                id: .random(),
                name: Self.groupsTopic,
                partitionCount: Int32(store.meta.coordinatorShards),
                settings: groupsSettings
            )
            do {
                try store.createTopic(stored)
            } catch {
                throw BrokerStartError(error)
            }
        }
        var topics: [Topic] = []
        let defaults = configuration.settingsByDefault
        for stored in store.topics() {
            do {
                topics.append(try Topic(stored, in: store, failure: failure, defaults: defaults))
            } catch {
                throw BrokerStartError(error)
            }
        }
        return topics
    }

    private func openCoordinators(
        _ registry: TopicRegistry,
        _ environment: GroupCoordinator.Environment
    ) throws(BrokerStartError) -> [GroupCoordinator] {
        guard let topic = registry.find(Self.groupsTopic) else {
            throw BrokerStartError(.storage, "the topic \(Self.groupsTopic) cannot be found after it was made")
        }
        var coordinators: [GroupCoordinator] = []
        for (index, partition) in topic.partitions.enumerated() {
            coordinators.append(
                try GroupCoordinator(index: index, partition: partition, environment: environment)
            )
        }
        return coordinators
    }

    private static let randomBytes: RandomBytes = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

extension TopicID {
    /// An identity that no other topic has: 128 random bits.
    static func random() -> TopicID {
        TopicID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
