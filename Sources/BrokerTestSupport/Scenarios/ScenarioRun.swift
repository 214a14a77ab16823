import RecordFormat
import SegmentStore
import SystemPackage

/// What a scenario is told with: one store with one topic, and the ways to end and to judge it.
struct ScenarioRun {
    let mutation: StoreMutation
    let name: String
    var flaws: [StoreFlaw] = []
    var fileSystem: SimulatedFileSystem
    private(set) var client: StoreClient?
    /// The volume that was checked last, as the start left it.
    var checked = SimulatedFileSystem()

    /// Whether of many cuts only some are looked at: where time is short.
    let isSampled: Bool
    private var cutCount = 0

    init(_ mutation: StoreMutation, name: String, isSampled: Bool) {
        self.mutation = mutation
        self.name = name
        self.isSampled = isSampled
        fileSystem = SimulatedFileSystem()
        mutation.apply(to: fileSystem)
    }

    /// Begins again, on a new volume.
    mutating func renew(_ settings: SimulatedSettings = SimulatedSettings()) {
        client = nil
        fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        mutation.apply(to: fileSystem)
    }

    /// Of the ways to look at one moment those that there is time for.
    mutating func sampled<Way>(_ all: [Way]) -> [Way] {
        guard isSampled, !all.isEmpty else { return all }
        cutCount += 1
        return cutCount % 4 == 0 ? [all[cutCount / 4 % all.count]] : []
    }

    /// The first partition of the topic.
    var key: PartitionKey {
        client?.history.partitions.first
            ?? PartitionKey(topic: TopicID(high: 0, low: 0), partition: PartitionIndex(0))
    }

    /// The second one.
    var otherKey: PartitionKey { PartitionKey(topic: key.topic, partition: PartitionIndex(1)) }

    /// What the client knows.
    var history: StoreHistory { client?.history ?? StoreHistory() }

    /// A store with a topic, on a new volume.
    ///
    /// - Parameter tailBytesMax: 0 where readers at the tail are to read the files.
    mutating func begin(
        tailBytesMax: ByteCount = .mebibytes(64),
        settings: [String: String] = [:]
    ) throws -> StoreClient {
        let store = try StoreWorkload.open(fileSystem, seed: 3, tailBytesMax: tailBytesMax)
        let client = StoreClient(store, fileSystem, seed: 3, after: StoreHistory())
        try client.createTopic(settings: settings)
        self.client = client
        return client
    }

    /// The same directory under another store, after a stop.
    mutating func reopen() throws -> StoreClient { try restart(after: .kill) }

    /// The same directory under another store, after a cut.
    mutating func restart(after draw: StoreDraw) throws -> StoreClient {
        var history = history
        client = nil
        let image = draw.survivors(of: fileSystem.image)
        fileSystem = SimulatedFileSystem(image, fileSystem.settings)
        mutation.apply(to: fileSystem)
        let store = try StoreWorkload.open(fileSystem, seed: 3)
        note(history.settle(with: store), "restarted after \(draw)")
        let next = StoreClient(store, fileSystem, seed: 4, after: history)
        client = next
        return next
    }

    /// The path of the first segment of the first partition.
    var segment: FilePath { partition.appending("00000000000000000000.log") }

    var partition: FilePath {
        path("topics").appending(key.topic.hex).appending(String(key.partition.value))
    }

    func path(_ name: String) -> FilePath { StoreWorkload.directory.appending(name) }

    mutating func note(_ found: [StoreFlaw], _ place: String) {
        flaws += found.map { StoreFlaw($0.kind, "\(name), \(place): \($0.text)") }
    }

    /// One record of so many bytes.
    func record(_ text: String, bytes: Int, in key: PartitionKey? = nil) -> StoreHistory.Append {
        let filling = String(repeating: "r", count: max(0, bytes - text.utf8.count))
        return StoreHistory.Append(
            key: key ?? self.key,
            values: [text + filling],
            timestamp: StoreClock.start,
            appendedAt: StoreClock.start
        )
    }
}
