import BrokerTestSupport
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerCore

/// The API over a whole broker in memory with the collection `prices`.
struct CollectionHarness {
    let api: Harness
    private let process: InProcessBroker

    let clock: ManualClock
    private let fileSystem: SimulatedFileSystem

    static func start(
        over fileSystem: SimulatedFileSystem = SimulatedFileSystem(),
        clock: ManualClock = ManualClock(),
        partitions: Int = 1
    ) async throws -> CollectionHarness {
        let process = try await InProcessBroker.start(
            directory: "/data/broker",
            fileSystem: fileSystem,
            clock: clock,
            wallClock: clock
        ) { configuration in
            configuration.store.segmentBytesMax = ByteCount(3000)
            configuration.compaction.policy.lagMilliseconds = 0
            configuration.compaction.policy.dirtyPercentMin = 0
            configuration.compaction.bytesPerSecondMax = .mebibytes(1024)
        }
        let api = Harness(on: process.broker)
        let settings = "{\"cleanup\":\"compact\",\"partitions\":\(partitions)}"
        try #require([200, 201].contains(await api.send(.put, "/v1/topics/prices", settings).status))
        return CollectionHarness(api: api, process: process, clock: clock, fileSystem: fileSystem)
    }

    /// Stops in order and starts again.
    func restarted(partitions: Int = 1, clock other: ManualClock? = nil) async throws -> CollectionHarness {
        await process.stop()
        return try await .start(over: fileSystem.afterProcessDeath(), clock: other ?? clock, partitions: partitions)
    }

    /// The same, and everything compacted that can be.
    func compacted(partitions: Int = 1) async throws -> CollectionHarness {
        let again = try await restarted(partitions: partitions)
        again.process.broker.journal.compaction.walk()
        return again
    }

    /// Stops in order, which ends its streams.
    func stop() async {
        await process.stop()
    }

    /// How many lists of the collection's first partition are open.
    func openListCount() throws -> Int {
        let topic = try process.broker.registry.topic(try TopicName(validating: "prices"))
        return topic.partitions[0].collection.look { $0.openListCount } ?? 0
    }

    /// The version of the collection now.
    func version() async throws -> String {
        let list = try await api.send(.get, "/v1/collections/prices").json()
        return try #require(list["metadata"]?["resourceVersion"]?.string)
    }

    /// Sends a request about an item.
    @discardableResult
    func item(
        _ method: HTTPRequest.Method,
        _ key: String,
        _ body: String = "",
        type: String? = nil,
        headers: HTTPFields = [:]
    ) async -> Harness.Answer {
        await api.send(method, "/v1/collections/prices/\(key)", body, type: type, headers: headers)
    }

    /// All items, by pages of so many, as their names and values; with the versions of the pages.
    func list(limit: Int) async throws -> (items: [String], versions: Set<String>) {
        var (items, versions): ([String], Set<String>) = ([], [])
        var target: String? = "/v1/collections/prices?limit=\(limit)"
        while let next = target {
            let page = try await api.send(.get, next).json()
            for item in page["items"]?.array ?? [] {
                items.append("\(item["metadata"]?["name"]?.string ?? "?")=\(item["value"].map { "\($0)" } ?? "?")")
            }
            versions.insert(page["metadata"]?["resourceVersion"]?.string ?? "")
            let place = page["metadata"]?["continue"]?.string
            target = place.map { "/v1/collections/prices?limit=\(limit)&continue=\($0)" }
        }
        return (items, versions)
    }
}
