import BrokerCore
import BrokerTestSupport
import HTTPTypes
import RecordFormat
import Testing

/// The API over a whole broker in memory with the collection `prices`.
struct CollectionHarness {
    let api: Harness
    private let process: InProcessBroker

    static func start(partitions: Int = 1) async throws -> CollectionHarness {
        let clock = ManualClock()
        let process = try await InProcessBroker.start(
            directory: "/data/broker",
            fileSystem: SimulatedFileSystem(),
            clock: clock,
            wallClock: clock
        )
        let api = Harness(on: process.broker)
        let settings = "{\"cleanup\":\"compact\",\"partitions\":\(partitions)}"
        try #require(await api.send(.put, "/v1/topics/prices", settings).status == 201)
        return CollectionHarness(api: api, process: process)
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
